"""The saved queries of the logs."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from capture_forwarder.configuration.settings import Settings
from integrations.observability.definitions import definitions


class SavedQueries(Construct):
    """Every query of the page that reads logs. `CfnQueryDefinition`, because the CDK's own takes no language.

    Their names begin with the name of the stack, so that they share a folder in the
    console. SQL names its log group itself.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        for each in definitions(settings, cdk.Stack.of(self).region):
            logs.CfnQueryDefinition(
                self,
                each.id,
                name=f"{settings.stack.name}/{each.name}",
                query_language="SQL",
                query_string=each.sql,
            )
