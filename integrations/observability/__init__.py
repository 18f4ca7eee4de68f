"""The dashboards, alarms, queries, fields and rules of SageMaker's endpoints, as pure data.

The observability stack makes CloudFormation of them, the commands print, render and price them, and the docs page lists
them. Nothing here is deployed, and nothing here imports the CDK or boto3.
"""
