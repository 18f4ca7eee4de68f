"""The parts that the stack is made of; each knows its options and no stack."""
