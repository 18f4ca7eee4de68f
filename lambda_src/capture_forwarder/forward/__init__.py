"""The use case: objects in, their rows sent, a report for each object out."""
