"""The cost of a capture in CPU, memory, time and requests: one command for each question, with a table."""
