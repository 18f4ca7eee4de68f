"""The use case: capture objects in, every inference settled or still owed, a report for each object out."""
