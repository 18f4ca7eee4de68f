"""Arthur with captured lines: the platform reads them."""
