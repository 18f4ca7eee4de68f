"""Send rows: batches, requests in flight, and what to do when a request fails."""
