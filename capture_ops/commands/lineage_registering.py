"""`lineage register`, `lineage unregister` and `lineage clean`: makes a list of steps, and prints it or does it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rich.console import Console

from capture_forwarder import __version__
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.text import print_line, printable
from integrations.lineage.errors import LineageError
from integrations.lineage.planning import plan
from integrations.lineage.registering import cleaning, routes
from integrations.lineage.registering.configured import registrations
from integrations.lineage.registering.registration import Registration
from integrations.lineage.text import counted

if TYPE_CHECKING:
    from integrations.lineage.sagemaker import SageMaker

_AGE = re.compile(r"([1-9][0-9]{0,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def api(region: str | None, profile: str | None, endpoint_url: str | None) -> "SageMaker":
    """Return the API of SageMaker."""
    from integrations.lineage.sagemaker import SageMaker

    return SageMaker(region, profile, endpoint_url)


def register(
    api: routes.Api,
    config: Path | None,
    names: Sequence[str],
    endpoint: str | None,
    console: Console,
    *,
    dry_run: bool,
) -> int:
    """Record routes, and return the exit code. Raises `CommandError`, and the last error if all routes failed."""
    chosen = _chosen(config, names)
    if endpoint and len(chosen) > 1:
        several = ", ".join(one.route for one in chosen)
        raise CommandError(f"--endpoint is that of one route, and there are {several}; name the route by --route")
    failures = 0
    for outcome in routes.register(api, chosen, endpoint, dry_run=dry_run):
        failures += outcome.error is not None
        if outcome.error and failures == len(chosen):
            _print(replace(outcome, error=None), console, dry_run=dry_run)
            raise _named(outcome.error, outcome, chosen)
        _print(outcome, console, dry_run=dry_run)
        _print_if_unchanged(outcome, console)
    return ExitCode.INCOMPLETE if failures else ExitCode.OK


def _named(error: LineageError, outcome: routes.Outcome, chosen: Sequence[Registration]) -> LineageError:
    """Return the error of the last of several routes with the name of the route."""
    return error if len(chosen) == 1 else type(error)(outcome.problems[-1], done=error.done)


def unregister(api: routes.Api, config: Path | None, names: Sequence[str], console: Console, *, dry_run: bool) -> int:
    """Mark forwardings as stopped, and return the exit code. Raises `CommandError`, and the error of a call."""
    outcome = routes.unregister(api, _chosen(config, names), dry_run=dry_run)
    _print(replace(outcome, error=None), console, dry_run=dry_run)
    if outcome.error:
        raise outcome.error
    _print_if_unchanged(outcome, console)
    return ExitCode.OK


def clean(api: plan.Store, route: str | None, older_than: str | None, console: Console, *, dry_run: bool) -> int:
    """Delete records, and return the exit code. Raises `CommandError`, and the error of a call."""
    before = datetime.now(UTC) - age(older_than) if older_than else None
    found = cleaning.removals(api, route, before)
    for removal in found:
        if not dry_run:
            cleaning.remove(api, removal)
        vertex = removal.vertex
        links = counted(len(removal.edges), "association")
        text = f"delete {vertex.kind.lower()} {vertex.label} ({vertex.type}) and its {links}"
        print_line(console, _said(text, dry_run=dry_run))
    if not found:
        print_line(console, "There is nothing to delete.")
    return ExitCode.OK


def age(text: str) -> timedelta:
    """Return an age such as `30d`, in hours, days or weeks. Raises `CommandError`."""
    if found := _AGE.fullmatch(text):
        return int(found[1]) * _UNITS[found[2]]
    raise CommandError(
        f"{printable(text)} is no age; write a number and h, d or w for hours, days or weeks, such as 30d"
    )


def _chosen(config: Path | None, names: Sequence[str]) -> list[Registration]:
    """Return the routes of the configuration with these names, by default all. Raises `CommandError`."""
    found = registrations(settings_of(config), __version__)
    known = [one.route for one in found]
    if unknown := [name for name in names if name not in known]:
        raise CommandError(f"there is no route {printable(', '.join(unknown))}; there are {', '.join(known)}")
    return [one for one in found if not names or one.route in names]


def _print(outcome: routes.Outcome, console: Console, *, dry_run: bool) -> None:
    for step in outcome.steps:
        print_line(console, _said(step, dry_run=dry_run))
    for problem in outcome.problems:
        print_line(console, problem, "yellow")


def _print_if_unchanged(outcome: routes.Outcome, console: Console) -> None:
    if not outcome.steps and not outcome.error:
        print_line(console, f"{', '.join(outcome.routes)}: there is nothing to change.")


def _said(step: str, *, dry_run: bool) -> str:
    return f"would {step}" if dry_run else step
