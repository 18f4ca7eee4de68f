"""Writes the pages and the JSON Schema that are made from code: every metric, every option, every worked pair.

`python -m docs.generate`
"""

import json
from enum import Enum
from inspect import cleandoc
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT
from msgspec.json import schema

from capture_forwarder.configuration.metrics import (
    DIMENSIONS,
    ENDPOINT_DIMENSIONS,
    NAMESPACE,
    OF_ENDPOINTS,
    OF_REQUESTS,
    OF_STACK,
    TOTAL_DIMENSION,
    TOTALS,
    Metric,
)
from capture_forwarder.configuration.names import RESOURCE_VARIABLES
from capture_forwarder.configuration.options import Option, options, tables
from capture_forwarder.configuration.settings import Settings
from docs.formats import formats_page
from docs.observability import observability_page
from integrations.lineage.registering.permissions import DEPLOYED, OF_COMMANDS


def metrics_page() -> str:
    """Return `docs/metrics.md`."""
    dimensions = " and ".join(f"`{name}`" for name in DIMENSIONS)
    of_endpoints = " and ".join(f"`{name}`" for name in ENDPOINT_DIMENSIONS)
    rows = [f"| {m.value.name} | {m.value.unit} | {m.value.meaning} | {'yes' if m in TOTALS else ''} |" for m in Metric]
    of_routes = len(set(Metric) - OF_REQUESTS - OF_STACK - OF_ENDPOINTS)
    return "\n".join(
        [
            "# Metrics",
            "",
            f"Namespace `{NAMESPACE}`, dimensions {dimensions}. Metrics of requests have the dimension `destination`",
            "only, because routes share requests. The log line of each object has the codes and the reasons.",
            f"Metrics of endpoints have the dimensions {of_endpoints}, and need `[observability]`.",
            "Counts are summed over a run; every value of the times is kept. Metrics with a total are emitted",
            f"a second time, over all routes, with the dimension `{TOTAL_DIMENSION}` only.",
            "",
            "CloudWatch bills each metric in each hour in which it is emitted. At most these are emitted:",
            "",
            "| `stack.metrics` | for each route | for each destination | for the stack | for each listed variant |",
            "|---|---|---|---|---|",
            f'| "route" | {of_routes} | {len(OF_REQUESTS)} | {len(TOTALS | OF_STACK)} | {len(OF_ENDPOINTS)} |',
            f'| "stack" | 0 | 0 | {len(TOTALS | OF_STACK)} | {len(OF_ENDPOINTS)} |',
            "",
            "| metric | unit | meaning | total |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def configuration_page() -> str:
    """Return `docs/configuration.md`."""
    lines = [
        "# Configuration",
        "",
        "`cdk` and the commands read `forwarder.toml` here, or the file that `CAPTURE_FORWARDER_CONFIG` names;",
        "a command first looks at its `--config`. One error lists every problem of the file, with its line.",
        "`capture-forwarder validate` checks the file without AWS, and `cdk synth` also checks what AWS would refuse.",
        "",
        "[forwarder.schema.json](forwarder.schema.json) is a JSON Schema of the file. VS Code with Even Better TOML,",
        "and other editors with Taplo, check and complete a file that begins with `#:schema` and the path or URL",
        "of the schema, as [forwarder.toml](../forwarder.toml) does.",
        "",
    ]
    for heading, struct in tables(Settings):
        lines += [f"## `{heading}`", "", "| option | value | default | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{option.name}` | {_value(option)} | {_default(option)} | {option.meaning} |"
            for option in options(struct)
        ]
        lines.append("")
    lines += ["## Environment", "", "The stack sets these variables. Each is optional outside AWS.", ""]
    lines += [f"* `{variable}`" for variable in RESOURCE_VARIABLES.values()]
    return "\n".join([*lines, ""])


def _value(option: Option) -> str:
    if option.tables:
        return "tables, see below" if option.repeated else "a table, see below"
    return option.write


def _default(option: Option) -> str:
    if option.required:
        return "required"
    if option.default in (None, (), NODEFAULT):
        return "none"
    value = option.default.value if isinstance(option.default, Enum) else option.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of `forwarder.toml`."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "forwarder.toml"} | schema(Settings)
    for definition in document["$defs"].values():
        if "description" in definition:  # a docstring, which Python indents up to 3.12
            definition["description"] = cleandoc(definition["description"])
    return document


def lineage_policy_page() -> str:
    """Return `docs/lineage-policy.md`."""
    lines = [
        "# Permissions of lineage register, unregister and clean",
        "",
        "A test compares them with the calls of each command. The resources are of the account and the region;",
        "SageMaker makes the ids of artifacts, and lists know no resources.",
        "",
    ]
    tables = {f"`lineage {name}`": allowed for name, allowed in OF_COMMANDS.items()}
    for heading, allowed in (tables | {"The function of `[lineage] register = true`": DEPLOYED}).items():
        lines += [f"## {heading}", "", "| actions | resources | it |", "|---|---|---|"]
        for one in allowed:
            actions = ", ".join(f"`{action}`" for action in one.actions)
            resources = ", ".join(f"`{kind}/*`" for kind in one.resources) or "`*`"
            lines.append(f"| {actions} | {resources} | {one.why} |")
        lines.append("")
    return "\n".join(lines)


def generated() -> dict[str, str]:
    """Return the text of every generated file, by its name in `docs`."""
    return {
        "metrics.md": metrics_page(),
        "configuration.md": configuration_page(),
        "formats.md": formats_page(),
        "lineage-policy.md": lineage_policy_page(),
        "observability.md": observability_page(),
        "forwarder.schema.json": json.dumps(settings_schema(), indent=1) + "\n",
    }


if __name__ == "__main__":
    for name, text in generated().items():
        Path("docs", name).write_text(text, encoding="utf-8")
