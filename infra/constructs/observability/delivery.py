"""Delivery to Sumo Logic: metrics by a metric stream, logs by subscriptions, both through Firehose."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from capture_forwarder.configuration.observability import ObservabilitySettings
from capture_forwarder.configuration.secret_reference import SecretReference
from capture_forwarder.configuration.sumo import SumoMode, SumoSettings
from infra.constructs.observability.http_stream import FailedRecords, HttpStream
from integrations.observability.sumo.delivered import delivered_groups, delivered_metrics

OUTPUT_FORMAT = "opentelemetry1.0"  # the one that Sumo Logic's source of metrics reads


class SumoDelivery(Construct):
    """The streams of `[observability.sumo]`; none if Sumo Logic only polls."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        observability: ObservabilitySettings,
        sumo: SumoSettings,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        if not (sumo.metrics_url_secret or sumo.logs_url_secret):
            return
        stack = cdk.Stack.of(self)
        self._attributes = {"account": sumo.account, "region": stack.region, "accountid": stack.account}
        self._failed = FailedRecords(self, "Failed", retention_days=sumo.failed_retention_days, key=key)
        if sumo.metrics_url_secret and sumo.mode is SumoMode.FIREHOSE:
            self._metrics(sumo.metrics_url_secret)
        if sumo.logs_url_secret:
            self._logs(sumo.logs_url_secret, delivered_groups(observability))

    def _metrics(self, secret: str) -> None:
        stream = self._stream("Metrics", secret)
        # AWS documents no condition for this service:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-trustpolicy.html
        role = stream.writer("streams.metrics.cloudwatch.amazonaws.com", {})
        metric_stream = cloudwatch.CfnMetricStream(
            self,
            "MetricStream",
            name=cdk.Stack.of(self).stack_name,
            firehose_arn=stream.stream.attr_arn,
            role_arn=role.role_arn,
            output_format=OUTPUT_FORMAT,
            include_filters=[
                cloudwatch.CfnMetricStream.MetricStreamFilterProperty(namespace=namespace, metric_names=list(names))
                for namespace, names in delivered_metrics().items()
            ],
        )
        metric_stream.node.add_dependency(role)

    def _logs(self, secret: str, groups: tuple[str, ...]) -> None:
        stream = self._stream("Logs", secret)
        source = cdk.Stack.of(self).format_arn(service="logs", resource="*", arn_format=cdk.ArnFormat.NO_RESOURCE_NAME)
        role = stream.writer("logs.amazonaws.com", {"StringLike": {"aws:SourceArn": source}})
        for group in groups:
            subscription = logs.CfnSubscriptionFilter(
                self,
                f"Subscription-{group}",
                destination_arn=stream.stream.attr_arn,
                role_arn=role.role_arn,
                log_group_name=group,
                filter_pattern="",
            )
            subscription.node.add_dependency(role)

    def _stream(self, name: str, secret: str) -> HttpStream:
        url = SecretReference.parse(secret)
        return HttpStream(self, name, url=url, attributes=self._attributes, failed=self._failed)
