"""The dashboards."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from capture_forwarder.configuration.settings import Settings
from integrations.observability.boards.registry import boards
from integrations.observability.body import dashboard_body


class Dashboards(Construct):
    """One dashboard for each name in the settings.

    Its body is written whole, because the CDK's widget for log queries puts its own text before an SQL text.
    A dashboard belongs to the account and to no region, so its name has the region.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        account = stack.account if settings.observability and settings.observability.accounts else None
        for board in boards(settings):
            cloudwatch.CfnDashboard(
                self,
                board.name.replace("-", " ").title().replace(" ", ""),
                dashboard_name=f"{settings.stack.name}-{board.name}-{stack.region}",
                dashboard_body=stack.to_json_string(dashboard_body(board, stack.region, account)),
            )
