"""What the commands `lineage ...` do beside the questions to SageMaker."""
