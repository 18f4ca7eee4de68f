"""Options of `[observability.sumo]` that do not fit together, or that would bring a token into the template."""

import re
from collections.abc import Iterator

from capture_forwarder.configuration.observability import ObservabilitySettings
from capture_forwarder.configuration.route_checks import repeated
from capture_forwarder.configuration.secret_reference import SecretKind, SecretReference
from capture_forwarder.configuration.sumo import SumoMode, SumoSettings

_PATH = "observability.sumo"
_KEY = re.compile(r"[A-Za-z0-9_.-]+")


def sumo_problems(observability: ObservabilitySettings) -> Iterator[str]:
    """Yield the problems of `[observability.sumo]`, each with the remedy; none without the section."""
    if (sumo := observability.sumo) is None:
        return
    yield from _secret_problems(sumo)
    yield from _metric_problems(sumo)
    yield from repeated(sumo.job_logs, f"{_PATH}.job_logs: {{}} is named twice; name it once")
    if sumo.logs_url_secret and not observability.endpoint and not sumo.job_logs:
        yield f"{_PATH}.logs_url_secret: list [[observability.endpoint]] or job_logs too; no log group is chosen"
    if sumo.job_logs and not sumo.logs_url_secret:
        yield f'{_PATH}.job_logs: write logs_url_secret = "secretsmanager:NAME" too, or remove it'


def _secret_problems(sumo: SumoSettings) -> Iterator[str]:
    references = {"metrics_url_secret": sumo.metrics_url_secret, "logs_url_secret": sumo.logs_url_secret}
    given = {option: SecretReference.parse(text) for option, text in references.items() if text}
    for option, reference in given.items():
        yield from (f"{_PATH}.{option}: {problem}" for problem in reference.problems())
        # CloudFormation puts a parameter of another store in plain text into the stream, or refuses it:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm-secure-strings.html
        if reference.kind is not SecretKind.SECRETS_MANAGER:
            yield f'{_PATH}.{option}: write "secretsmanager:NAME"; CloudFormation reads the URL from no other store'
        # Other characters would end the reference in the template, or begin another one.
        if reference.key and not _KEY.fullmatch(reference.key):
            yield f"{_PATH}.{option}: write letters, digits, _ . - after #; CloudFormation takes no other key here"
    if len(given) == len(references) and len(set(given.values())) == 1:
        yield f"{_PATH}.logs_url_secret: name another secret, or another #KEY; the two sources have different URLs"


def _metric_problems(sumo: SumoSettings) -> Iterator[str]:
    if sumo.mode is SumoMode.POLLING and sumo.metrics_url_secret:
        yield f'{_PATH}.metrics_url_secret: remove it; with mode = "polling" no metrics are sent to a URL'
    if sumo.role_arn is None and (sumo.mode is SumoMode.POLLING or sumo.metrics_url_secret):
        yield f"{_PATH}.role_arn: write the ARN of the role that Sumo Logic assumes; the source of metrics needs it"
    if sumo.mode is SumoMode.FIREHOSE and not (sumo.metrics_url_secret or sumo.logs_url_secret or sumo.cloudtrail):
        yield (
            f"{_PATH}: write metrics_url_secret, logs_url_secret or [observability.sumo.cloudtrail]; else nothing is "
            "delivered"
        )
