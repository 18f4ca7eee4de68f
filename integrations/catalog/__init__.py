"""SageMaker in DataHub, with the captures, the forwarding jobs and the monitored models."""
