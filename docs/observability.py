"""The tables of `docs/observability.md`, made from the catalogue: dashboards, alerts, costs, items of the page."""

from collections.abc import Iterable
from pathlib import Path

from capture_forwarder.configuration.reader import read_settings
from docs.formats import filled, table
from integrations.observability.alerts import ALERTS
from integrations.observability.boards.registry import boards
from integrations.observability.costing import Cost, Volumes, fixed_costs, total, volume_costs
from integrations.observability.page.rows import rows
from integrations.observability.prices import DATED, REGION

PAGE = Path("docs/observability.md")
EVERYTHING = Path("tests/infra/observability/page.toml")
EXAMPLE = Path("examples/observability.toml")
DELIVERY = Path("tests/infra/observability/sumo.toml")
_REGION = "eu-west-1"


def observability_page() -> str:
    """Return `docs/observability.md`, with its tables written again between their comments."""
    page = filled(PAGE.read_text(encoding="utf-8"), "dashboards", dashboards_table())
    page = filled(page, "alerts", alerts_table())
    page = filled(page, "costs", costs_table())
    return filled(page, "items", items_table())


def dashboards_table() -> list[str]:
    """Return the table of dashboards."""
    made = boards(read_settings(EVERYTHING))
    cells = ((f"`{each.name}`", each.title, ", ".join(each.ids), str(len(each.panels))) for each in made)
    return table(("name", "title", "of the page", "panels"), cells)


def alerts_table() -> list[str]:
    """Return the table of alerts with their default limits."""
    cells = (
        (
            f"`{each.name}`",
            ", ".join(item for item in each.ids if item != each.name) or "ours",
            f"{each.threshold:,g}",
            f"{each.window_secs} s",
            f"{each.breaches} of {each.periods}",
            f"[{each.section}](runbook.md#{each.section.lower()})",
        )
        for each in ALERTS.values()
    )
    return table(("alert", "of the page", "goes off above", "window", "windows", "runbook"), cells)


def costs_table() -> list[str]:
    """Return the table of costs: fixed ones of the example, and by volume those of a delivery to Sumo Logic."""
    fixed = fixed_costs(read_settings(EXAMPLE))
    by_volume = volume_costs(read_settings(DELIVERY), Volumes())
    cells = [
        *_costs("fixed", fixed),
        ("**fixed, one variant**", "", "", f"**{total(fixed):.2f}**"),
        *_costs("by volume", by_volume),
    ]
    return table(("costs", "part", f"price in {REGION}, {DATED}", "$ a month"), cells)


def _costs(kind: str, costs: Iterable[Cost]) -> Iterable[tuple[str, str, str, str]]:
    for each in costs:
        count = "" if each.count == 1 else f"{each.amount} x "
        yield kind, each.name, f"{count}{each.priced.value.text}", f"{each.dollars:.2f}"


def items_table() -> list[str]:
    """Return the table of all items of the page."""
    cells = (
        (row.item.id, row.item.text, _listed(row.resources), _listed(row.tests), row.item.difference)
        for row in rows(read_settings(EVERYTHING), _REGION)
    )
    return table(("item", "on the page", "ours", "tests", "difference"), cells)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name.removeprefix('tests/')}`" for name in names)
