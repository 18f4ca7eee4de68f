"""Calls of SageMaker, and their answers as values."""
