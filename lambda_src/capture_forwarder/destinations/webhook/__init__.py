"""Webhook: CloudEvents in batches, for any receiver."""
