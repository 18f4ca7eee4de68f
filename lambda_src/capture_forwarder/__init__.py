"""Carries every inference that a SageMaker endpoint captured to the platform that monitors it."""

__version__ = "0.1.0"
