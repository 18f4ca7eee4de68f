"""The model that served a call: the deployment in force at its time, and all candidates if there are several."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from integrations.lineage.asking.serving import Call, in_force, who_served
from integrations.lineage.errors import NotFound
from integrations.lineage.graph import Details, Kind, Vertex
from tests.lineage.worked import BASE, DEPLOYED, ENDPOINT, MODEL, PACKAGE, Worked, worked

CALLED = DEPLOYED + timedelta(days=1)


def call(**changes: Any) -> Call:
    """Return a call of the endpoint of the worked graph."""
    return replace(Call(id="i", endpoint="churn", variant="AllTraffic", at=CALLED, capture="f, line 1"), **changes)


def deployment(name: str, created: datetime | None) -> Vertex:
    """Return a deployment."""
    return Vertex(arn=name, kind=Kind.ACTION, type="ModelDeployment", details=Details(name=name, created=created))


def test_the_served_model_has_its_origin() -> None:
    """Deployment, package with approval, its data, job and data sets."""
    world = worked()
    served = who_served(world.store, world.walk, call())
    assert not served.ambiguous
    assert [each.arn for each in served.deployments] == [world.arns["deployment"]]
    assert [each.source_uri for each in served.models] == [PACKAGE]
    roles = [(part.role, part.entity.source_uri) for part in served.origin]
    assert roles[:2] == [("model", MODEL), ("model package", PACKAGE)]
    rows = served.sheet().rows
    assert rows[0] == ("call", "i", "AllTraffic", "f, line 1", "", "2026-01-11T00:00:00Z", "")
    assert [row[0] for row in rows[1:]] == [
        "endpoint",
        "deployment",
        "model",
        "model package",
        "job",
        "job",
        "data set",
        "data set",
        "image",
    ]
    assert [row[4] for row in rows].count("Approved") == 2


def test_a_call_before_all_deployments_has_none() -> None:
    """The first deployment is named by its time, and no model is guessed."""
    world = worked()
    served = who_served(world.store, world.walk, call(at=DEPLOYED - timedelta(seconds=1)))
    assert served.ambiguous
    assert (served.deployments, served.models, served.origin) == ((), (), ())
    assert served.notes == (
        "No deployment was in force at 2026-01-09T23:59:59Z; the first was created at 2026-01-10T00:00:00Z.",
    )
    assert served.sheet().rows


@pytest.mark.parametrize(
    ("times", "at", "expected", "notes"),
    [
        ([], 5, [], 1),
        ([1], 5, [0], 0),
        ([5], 5, [0], 0),
        ([6], 5, [], 1),
        ([1, 3, 6], 5, [1], 0),
        ([6, 3, 1], 5, [1], 0),
        ([3, 3, 1], 5, [0, 1], 1),
        ([None], 5, [0], 0),
        ([None, 3], 5, [1, 0], 1),
        ([None, 6], 5, [0], 0),
    ],
)
def test_the_latest_deployment_before_the_call_is_in_force(
    times: list[int | None], at: int, expected: list[int], notes: int
) -> None:
    """Equal times, and deployments without a time, are all candidates."""
    days = [None if day is None else DEPLOYED + timedelta(days=day) for day in times]
    deployments = [deployment(str(number), day) for number, day in enumerate(days)]
    found, said = in_force(deployments, DEPLOYED + timedelta(days=at))
    assert [each.arn for each in found] == [str(number) for number in expected]
    assert len(said) == notes


def test_times_without_a_zone_are_in_utc() -> None:
    """As some clients return them."""
    naive = deployment("a", datetime(2026, 1, 1))  # noqa: DTZ001 - the case
    assert in_force([naive], datetime(2026, 1, 1, tzinfo=UTC)) == ([naive], [])


def two_models(world: Worked) -> str:
    """Add a second model to the deployment, as an endpoint of two variants has it."""
    second = world.store.add(Kind.ARTIFACT, "Model", "second", "s3://B/second.tar.gz")
    world.store.join(second, world.arns["deployment"], "ContributedTo")
    world.store.answers |= {
        ("endpoint_config", "churn-1"): {
            "ProductionVariants": [
                {"VariantName": "AllTraffic", "ModelName": "churn-3"},
                {"VariantName": "Second", "ModelName": "second"},
                {"VariantName": "Component"},
            ],
            "ShadowProductionVariants": [{"VariantName": "Shadow", "ModelName": "gone"}],
        },
        ("model", "churn-3"): {"Containers": [{"ModelPackageName": PACKAGE}]},
        ("model", "second"): {
            "PrimaryContainer": {"ModelDataSource": {"S3DataSource": {"S3Uri": "s3://B/second.tar.gz"}}}
        },
    }
    return second


def test_the_variant_chooses_among_several_models() -> None:
    """By the present configuration, since the endpoint has not changed after the call."""
    world = worked()
    second = two_models(world)
    served = who_served(world.store, world.walk, call())
    assert [each.source_uri for each in served.models] == [PACKAGE]
    assert not served.ambiguous
    served = who_served(world.store, world.walk, call(variant="Second"))
    assert [each.arn for each in served.models] == [second]
    assert not served.ambiguous


@pytest.mark.parametrize(
    ("variant", "change", "note"),
    [
        (None, {}, "the variant is not known"),
        ("AllTraffic", {"LastModifiedTime": CALLED + timedelta(seconds=1)}, "was changed after it"),
        ("AllTraffic", {"LastModifiedTime": None}, "was changed after it"),
        ("AllTraffic", {"EndpointConfigName": "deleted"}, "was deleted"),
        ("Shadow", {}, "was deleted"),
        ("Component", {}, "has no model of the variant Component"),
        ("Other", {}, "has no model of the variant Other"),
    ],
)
def test_without_a_sure_variant_all_models_are_named(variant: str | None, change: dict[str, Any], note: str) -> None:
    """None is guessed, and the note says why."""
    world = worked()
    two_models(world)
    answer = {**world.store.answers["endpoint", "churn"], **change}
    world.store.answers["endpoint", "churn"] = answer
    served = who_served(world.store, world.walk, call(variant=variant))
    assert len(served.models) == 2
    assert len(served.notes) == 1
    assert note in served.notes[0]


def test_a_package_and_its_data_are_one_model() -> None:
    """SageMaker may join both to the deployment."""
    world = worked()
    world.store.join(world.arns["model"], world.arns["deployment"])
    for variant in (None, "AllTraffic"):
        served = who_served(world.store, world.walk, call(variant=variant))
        assert {each.source_uri for each in served.models} == {PACKAGE, MODEL}
        assert not served.ambiguous


def test_a_deployment_without_models_is_said() -> None:
    """The lineage may be incomplete."""
    world = worked()
    world.store.unlink(world.arns["package"], world.arns["deployment"])
    served = who_served(world.store, world.walk, call())
    assert served.notes == ("The lineage names no model for this deployment.",)


def test_deployments_of_other_endpoints_do_not_count() -> None:
    """Not one before the training data, and no other action beside the endpoint."""
    world = worked()
    later = world.store.add(Kind.ACTION, "ModelDeployment", "other", f"{BASE}:endpoint/other")
    other = world.store.add(Kind.ACTION, "Note", "note", ENDPOINT)
    world.store.join(later, world.arns["raw"])
    world.store.join(other, world.arns["endpoint"])
    served = who_served(world.store, world.walk, call())
    assert [each.arn for each in served.deployments] == [world.arns["deployment"]]


def test_an_endpoint_without_lineage_is_an_error() -> None:
    """It names the endpoint."""
    world = worked()
    with pytest.raises(NotFound, match="endpoint none "):
        who_served(world.store, world.walk, call(endpoint="none"))


@pytest.mark.parametrize(
    ("variants", "modified", "notes"),
    [
        (["Other", "Some"], DEPLOYED, ["The endpoint churn has no variant AllTraffic; it has Other, Some."]),
        (["A\n"], DEPLOYED, ["The endpoint churn has no variant AllTraffic; it has A\\n."]),
        (["AllTraffic"], DEPLOYED, []),
        (["Other"], CALLED + timedelta(days=1), []),
        (["Other"], None, []),
        ([], DEPLOYED, []),
    ],
)
def test_an_unknown_variant_is_noted(variants: list[str], modified: datetime | None, notes: list[str]) -> None:
    """Only if the endpoint was not changed since the call, because its present variants are those of the call."""
    world = worked()
    world.store.answers["endpoint", "churn"] = {
        "EndpointArn": ENDPOINT,
        "LastModifiedTime": modified,
        "ProductionVariants": [{"VariantName": each} for each in variants],
    }
    assert list(who_served(world.store, world.walk, call()).notes) == notes
    assert not who_served(world.store, world.walk, call(variant=None)).notes
