"""`sumo setup`: from the configuration, this AWS account and Sumo Logic to one line for each change."""

import os
from typing import Any

from rich.console import Console

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.settings import Settings
from capture_ops.cloud.failures import aws_sentence
from capture_ops.observability.sumo.api import SumoApi
from capture_ops.observability.sumo.failures import SumoFailure
from capture_ops.observability.sumo.journal import Journal
from capture_ops.observability.sumo.secrets import UrlSecrets
from capture_ops.observability.sumo.session import connect
from capture_ops.observability.sumo.setup import Setup
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.text import print_line
from integrations.observability.sumo.objects import Place
from integrations.observability.sumo.wanted import wanted


def run(settings: Settings, console: Console, *, dry_run: bool, remove: bool, client: Any = None) -> int:
    """Make the objects of `[observability.sumo]`, or with `remove` remove those that were made; return the exit code.

    `client` is one of `connect`, by default made of the environment. Raises `CommandError` and errors of AWS.
    """
    if settings.observability is None or settings.observability.sumo is None:
        raise CommandError(
            "there is no [observability.sumo] in the configuration; write one, see docs/configuration.md",
            ExitCode.SETTINGS,
        )
    api = SumoApi(client or connect(os.environ))
    objects = wanted(settings, _place())
    secrets = UrlSecrets(aws_session().client("secretsmanager", config=CONFIG), objects.collector)
    journal = Journal(console, dry_run=dry_run)
    setup = Setup(objects, api, secrets, journal)
    try:
        setup.remove() if remove else setup.make()
    except (SumoFailure, *AwsError) as error:
        code = ExitCode.INCOMPLETE if journal.done and not dry_run else ExitCode.UNAVAILABLE
        raise CommandError(f"{_sentence(error)}. {journal.half_made()}", code) from error
    _end(console, journal, remove=remove)
    return ExitCode.INCOMPLETE if journal.kept else ExitCode.OK


def _place() -> Place:
    """Return where the stack is: the account of the credentials, and their region."""
    sts = aws_session().client("sts", config=CONFIG)
    return Place(sts.meta.region_name, sts.get_caller_identity()["Account"])


def _sentence(error: Exception) -> str:
    if isinstance(error, SumoFailure):
        return str(error)
    return aws_sentence(error) or f"AWS answers {code_of(error)}; check your permissions for Secrets Manager"


def _end(console: Console, journal: Journal, *, remove: bool) -> None:
    count = len(journal.done)
    print_line(console, f"{count} {'change' if count == 1 else 'changes'}{' to make' if journal.dry_run else ''}")
    wrote = any(" secret " in each for each in journal.done)
    if wrote and not remove and not journal.dry_run:
        print_line(
            console,
            "Deploy now: cdk deploy --all. If the streams exist already, CloudFormation reads the new secret only when "
            "it changes them: deploy once without [observability.sumo], then once with it.",
        )
