"""The items of Sumo Logic's page about SageMaker, of January 2026 (P) and of its later text (L), as a checked list.

https://github.com/SumoLogic/sumologic-documentation, `docs/integrations/amazon-aws/amazon-sagemaker.md`
"""
