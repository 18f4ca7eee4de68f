"""The parts that the destinations for Arthur share: its address, its headers and the attributes of its models."""
