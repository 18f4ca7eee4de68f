"""`costs`: the price of a month, by dashboard, alarm, metric, stream and log."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from capture_forwarder.configuration.settings import Settings
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.text import print_line
from integrations.observability.costing import Cost, Volumes, fixed_costs, total, volume_costs
from integrations.observability.prices import DATED, REGION
from integrations.observability.template_costs import template_costs


def run(settings: Settings, volumes: Volumes, console: Console, *, as_json: bool) -> int:
    """Print the costs of the second stack; return the exit code. Raises `CommandError` without `[observability]`."""
    if settings.observability is None:
        raise CommandError(
            "there is no [observability] in the configuration, so there is no second stack and no cost",
            ExitCode.SETTINGS,
        )
    fixed, by_volume = fixed_costs(settings), volume_costs(settings, volumes)
    if as_json:
        _print_json(console, fixed, by_volume)
        return ExitCode.OK
    _print(console, f"Fixed, of {settings.stack.name}-observability", fixed)
    _print(console, "By volume, of the assumed volumes", by_volume)
    _print_notes(console)
    return ExitCode.OK


def run_template(file: Path, console: Console, *, as_json: bool) -> int:
    """Print the fixed costs of a synthesised template; return the exit code. Raises `CommandError` for another file."""
    try:
        fixed = template_costs(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(f"{file} is no template; `make synth` writes templates to cdk.out") from error
    if as_json:
        _print_json(console, fixed, ())
        return ExitCode.OK
    _print(console, f"Fixed, of {file.name}", fixed)
    _print_notes(console)
    return ExitCode.OK


def _print(console: Console, title: str, costs: Sequence[Cost]) -> None:
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    table.add_column("part", overflow="fold")
    for name in ("count", "$ a month"):
        table.add_column(name, justify="right")
    table.add_column("price")
    for each in costs:
        table.add_row(Text(each.name), each.amount, f"{each.dollars:,.2f}", Text(each.priced.value.text))
    table.add_row("total", "", f"{total(costs):,.2f}", "")
    console.print(table)
    console.print()


def _print_notes(console: Console) -> None:
    print_line(console, f"Prices of {REGION} as of {DATED}, without free tiers and taxes; other regions differ.")
    print_line(
        console,
        "Metrics of the forwarder itself are billed with the first stack; docs/metrics.md has their numbers.",
    )


def _print_json(console: Console, fixed: Sequence[Cost], by_volume: Sequence[Cost]) -> None:
    for kind, costs in (("fixed", fixed), ("volume", by_volume)):
        for each in costs:
            row = {"kind": kind, "part": each.name, "price": each.priced.value.text, "count": each.count}
            print_line(console, json.dumps(row | {"dollars_a_month": round(each.dollars, 6)}))
