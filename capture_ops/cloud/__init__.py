"""AWS as the commands see it: a deployed stack, or AWS on this machine."""
