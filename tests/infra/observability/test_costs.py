"""Costs of the synthesised second stack: those of the catalogue, and within the bound of the defaults."""

import json
from collections import Counter
from pathlib import Path

import pytest

from capture_forwarder.configuration.reader import parse_settings, read_settings
from integrations.observability.costing import Cost, Volumes, fixed_costs, total, volume_costs
from integrations.observability.prices import Priced
from integrations.observability.template_costs import template_costs, volume_resources
from tests.infra.conftest import Stacks
from tests.infra.examples import EXAMPLES
from tests.support.command_line import run

SUMO = Path("tests/infra/observability/sumo.toml")
ALARMS = Path("tests/infra/observability/alarms.toml")
FIXED_BOUND, VARIANT_BOUND = 20.0, 1.5


def counted(costs: tuple[Cost, ...]) -> Counter[tuple[Priced, float]]:
    """Return the number of parts with each price."""
    return Counter((each.priced, each.count) for each in costs)


@pytest.mark.parametrize("config", [EXAMPLES["observability"], SUMO, ALARMS], ids=lambda path: path.stem)
def test_the_catalogue_and_the_template_cost_the_same(stacks: Stacks, config: Path) -> None:
    """The function emits `CapturesRead`, so no resource of the template stands for it."""
    of_catalogue = tuple(
        each for each in fixed_costs(read_settings(config)) if not each.name.startswith("CapturesRead/")
    )
    assert counted(of_catalogue) == counted(template_costs(stacks.template(config, "Observability")))


def test_the_defaults_stay_within_the_bound(stacks: Stacks) -> None:
    """At most 20 dollars, and 1.50 for each variant with its endpoint."""
    endpoints = [f'[[observability.endpoint]]\nname = "model-{index}"\nsampling_percent = 100\n' for index in range(3)]
    text = EXAMPLES["observability"].read_text(encoding="utf-8")
    start = text[: text.index("[observability]")] + "[observability]\n"
    for count in (0, len(endpoints)):
        config = start + "".join(endpoints[:count])
        emitted = [each for each in fixed_costs(parse_settings(config)) if each.name.startswith("CapturesRead/")]
        template = template_costs(stacks.template(config, "Observability"))
        assert total((*template, *emitted)) < FIXED_BOUND + VARIANT_BOUND * count
        assert len(emitted) == count


def test_each_resource_by_volume_has_a_cost(stacks: Stacks) -> None:
    """Log group, metric stream and Firehose streams: each has its own line."""
    template = stacks.template(SUMO, "Observability")
    kinds = Counter(kind for _, kind in volume_resources(template))
    priced = {each.priced for each in volume_costs(read_settings(SUMO), Volumes())}
    assert kinds == {
        "AWS::CloudWatch::MetricStream": 1,
        "AWS::KinesisFirehose::DeliveryStream": 2,
        "AWS::Logs::LogGroup": 1,
    }
    assert {Priced.STREAMED_UPDATE, Priced.FIREHOSE, Priced.LOG_WRITTEN} <= priced


def test_the_command_prices_a_template(stacks: Stacks) -> None:
    """Also that of the first stack, whose dashboard and alarms the catalogue does not have."""
    file = stacks.template_file(EXAMPLES["observability"])
    rows = [json.loads(line) for line in run("costs", "--template", file, "--json").stdout.splitlines()]
    expected = total(template_costs(stacks.template(EXAMPLES["observability"])))
    assert sum(row["dollars_a_month"] for row in rows) == pytest.approx(expected)
    assert expected > 3
    assert f"{expected:.2f}" in run("costs", "--template", file).stdout
