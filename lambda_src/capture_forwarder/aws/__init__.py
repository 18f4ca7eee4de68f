"""The adapters for AWS: event envelopes, objects, progress, quarantine, queues, secrets."""
