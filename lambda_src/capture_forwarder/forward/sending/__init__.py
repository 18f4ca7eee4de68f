"""Send rows: batches, requests in flight, and the next step after a request that failed."""
