"""Arthur, which reads the captured lines itself."""
