"""The bytes of an object, split into lines with their offsets."""
