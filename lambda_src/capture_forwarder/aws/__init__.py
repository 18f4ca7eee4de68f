"""What AWS is to the use case: event envelopes, objects, secrets."""
