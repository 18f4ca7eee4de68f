"""What the commands `lineage ...` do beside the questions to SageMaker, and `Lineage` for programs."""

from integrations.lineage import Lineage as Lineage
