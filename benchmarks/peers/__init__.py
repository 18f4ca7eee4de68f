"""Other forwarders beside ours: their own code, fetched by hand, on the same file. Not a part of `make bench`."""
