"""Text of payloads made into rows, and rows made into named values."""
