"""The table that holds how far each object is committed."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from capture_forwarder.configuration.names import PROGRESS_EXPIRY, PROGRESS_KEY


class ProgressTable(Construct):
    """One item for each state of an object, billed on demand. The table outlives the stack.

    A first deployment that fails removes it again (`RetainExceptOnCreate`), unless `protected` forbids its deletion.
    """

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey | None, protected: bool) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=PROGRESS_KEY, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute=PROGRESS_EXPIRY,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else dynamodb.TableEncryption.DEFAULT,
            encryption_key=key,
            deletion_protection=protected,
            removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
