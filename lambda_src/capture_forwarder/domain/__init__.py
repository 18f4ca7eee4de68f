"""The words of the field as types: values only, no I/O, no clock, no randomness."""
