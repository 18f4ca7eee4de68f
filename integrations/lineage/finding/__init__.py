"""Entities by what people know of them: an ARN, a name, a source, or filters of a list."""
