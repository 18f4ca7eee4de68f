"""Monitoring APIs: a folder for each, and the HTTP client and the statuses that all of them share."""
