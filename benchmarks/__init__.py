"""What a capture costs, in CPU, memory, time and requests: one command a question, each prints its table."""
