"""Plans of changes: what is asked is compared with what exists, checked as a whole, then run step by step."""
