"""Plans of changes: wanted entities are compared with existing ones, checked as a whole, then run step by step."""
