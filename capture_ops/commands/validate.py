"""`validate`: checks a configuration without AWS, CDK or network."""

from collections.abc import Iterator
from pathlib import Path

from capture_forwarder.configuration.filters import problems as notification_problems
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.secret_reference import SecretKind, SecretReference
from capture_forwarder.configuration.settings import Settings
from capture_ops.terminal.configuration import config_of
from capture_ops.terminal.errors import CommandError
from integrations.observability.composites import composite_problems
from integrations.observability.limits import dashboard_problems


def validate(file: Path | None, config: Path | None) -> Iterator[str]:
    """Yield the contents of a valid file, and notes about its deployment.

    Raises `SettingsError` with all problems, those of notifications that S3 would refuse and of dashboards and alarms
    that CloudWatch would refuse included, and `CommandError` for two files.
    """
    if file and config and file != config:
        raise CommandError(f"{file} and {config}: write one of them; a file is named as FILE or by --config")
    path = config_of(file or config)
    settings = read_settings(path, extra_checks=_refused_by_aws)
    yield f"{path} is valid: {_contents(settings)}."
    for destination in settings.destination:
        for option, reference in destination.secrets.items():
            if SecretReference.parse(reference).kind is SecretKind.ENVIRONMENT:
                yield (
                    f'note: destination "{destination.name}" reads its {option} from the environment, which '
                    '`cdk deploy` refuses; a deployed function needs "secretsmanager:NAME" or "ssm:/NAME"'
                )


def _refused_by_aws(settings: Settings) -> Iterator[str]:
    yield from notification_problems(settings)
    yield from dashboard_problems(settings)
    yield from composite_problems(settings)


def _contents(settings: Settings) -> str:
    parts = (
        (len(settings.destination), "destination"),
        (len(settings.route), "route"),
        (len(settings.buckets), "bucket"),
    )
    return ", ".join(f"{count} {noun}{'s' * (count != 1)}" for count, noun in parts)
