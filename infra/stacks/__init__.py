"""The stacks; they only compose."""
