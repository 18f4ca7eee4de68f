"""The logs and metrics of the deployed function, made from notices."""
