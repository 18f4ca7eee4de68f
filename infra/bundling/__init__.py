"""The function's code as it is deployed."""
