"""The options and help of each command. A command imports its work when it runs."""
