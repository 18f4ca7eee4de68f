"""The summaries of an endpoint and of an origin, the report with approvals, and the versions of a model."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.lineage.asking import approvals
from integrations.lineage.asking.approvals import Status, approval_of, approve, parse_status, sentence
from integrations.lineage.asking.reports import Report, endpoint, provenance, report
from integrations.lineage.asking.versions import versions
from integrations.lineage.errors import Denied, Invalid, NotFound
from integrations.lineage.finding.named import find_one
from integrations.lineage.graph import Kind
from integrations.lineage.ports import Change
from integrations.lineage.times import before
from tests.lineage.worked import BASE, DEPLOYED, GROUP, MODEL, PACKAGE, RAW, TRAIN, Worked, worked

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def names(world: Worked) -> dict[str, str]:
    """Return the short name of each ARN."""
    return {arn: name for name, arn in world.arns.items()}


def test_an_endpoint_has_its_parts_in_the_order_of_the_workflow() -> None:
    """The models have their approval, and the monitors come after the endpoint."""
    world = worked()
    summary = endpoint(world.store, world.walk, "churn")
    found = [(part.role, names(world)[part.entity.arn or ""]) for part in summary.parts]
    assert found == [
        ("data set", "train"),
        ("data set", "raw"),
        ("image", "image"),
        ("job", "training"),
        ("job", "processing"),
        ("model", "model"),
        ("model package", "package"),
        ("deployment", "deployment"),
        ("endpoint", "endpoint"),
        ("captures", "captures"),
        ("monitor", "forwarding"),
        ("monitor", "monitor"),
    ]
    approved = [part.approval.status for part in summary.parts if part.approval]
    assert approved == [Status.APPROVED, Status.APPROVED]
    statuses = [row[5] for row in summary.sheet().rows]
    assert statuses.count("Approved") == 2


def test_a_deleted_endpoint_still_has_its_lineage() -> None:
    """Its context is found by the end of its source, in any case of letters."""
    world = worked()
    del world.store.answers["endpoint", "churn"]
    assert endpoint(world.store, world.walk, "Churn").starts == (world.arns["endpoint"],)
    with pytest.raises(NotFound, match="endpoint urn "):
        endpoint(world.store, world.walk, "urn")


def test_an_endpoint_whose_context_is_not_yet_written_has_no_lineage() -> None:
    """SageMaker writes it some time after the endpoint."""
    world = worked()
    world.store.answers["endpoint", "new"] = {"EndpointArn": f"{BASE}:endpoint/new"}
    with pytest.raises(NotFound, match="up to two minutes"):
        endpoint(world.store, world.walk, "new")


def test_an_origin_is_what_something_was_made_of() -> None:
    """With the properties of the data sets, and without the start."""
    world = worked()
    summary = provenance(world.store, world.walk, PACKAGE)
    assert summary.sheet().title == f"Origin of {PACKAGE}: 6 entities, 2 data sets"
    found = [names(world)[part.entity.arn or ""] for part in summary.parts]
    assert found == ["train", "raw", "image", "training", "processing", "model"]
    assert summary.parts[0].entity.properties == {"num_samples": "35000"}
    assert '{"num_samples": "35000"}' in summary.sheet().rows[0]
    assert provenance(world.store, world.walk, RAW).parts == ()
    one = provenance(world.store, world.walk, TRAIN).sheet()
    assert one.title == f"Origin of {TRAIN}: {len(one.rows)} entities, 1 data set"


def test_a_report_has_each_model_since_a_time() -> None:
    """The newest first, with data sets, jobs and approval."""
    world = worked()
    bare = world.store.add(Kind.ARTIFACT, "Model", "bare", "s3://B/bare")
    made = report(world.store, world.walk, datetime(2025, 1, 1, tzinfo=UTC), require_approval=True)
    assert [model.arn for model in made.models] == [bare, world.arns["package"], world.arns["model"]]
    assert made.models[1].datasets == (TRAIN, RAW)
    assert made.models[1].jobs == ("churn-train-7-aws-training-job", "churn-clean-7-aws-processing-job")
    assert made.not_approved == (made.models[0],)
    assert [row[2:4] for row in made.sheet().rows] == [("Unknown", "not approved"), ("Approved", ""), ("Approved", "")]
    without = Report(since=made.since, require_approval=False, models=made.models)
    assert [row[3] for row in without.sheet().rows] == ["", "", ""]
    assert report(world.store, world.walk, NOW).models == ()


@pytest.mark.parametrize(
    ("properties", "status", "by"),
    [
        ({"approved": "true", "approver": "jo"}, Status.APPROVED, "jo"),
        ({"approved": "True"}, Status.APPROVED, None),
        ({"approved": "false"}, Status.REJECTED, None),
        ({"approved": "pending", "reviewer": "jo"}, Status.PENDING, "jo"),
        ({"approved": "PendingManualApproval"}, Status.PENDING, None),
        ({"approved": "perhaps"}, Status.UNKNOWN, None),
        ({}, Status.APPROVED, None),
    ],
)
def test_properties_come_before_the_package(properties: dict[str, str], status: Status, by: str | None) -> None:
    """As the documentation's example writes them. Without them the package counts."""
    world = worked()
    if properties:
        world.store.update(Change(kind=Kind.ARTIFACT, arn=world.arns["model"], properties=properties))
    found = approval_of(world.store, find_one(world.store, MODEL))
    assert (found.status, found.by) == (status, by)


def test_packages_that_disagree_are_all_named() -> None:
    """And a later version that was derived does not count."""
    world = worked()
    other = f"{BASE}:model-package/churn/4"
    second = world.store.add(Kind.ARTIFACT, "Model", None, other)
    world.store.join(world.arns["model"], second, "ContributedTo")
    world.store.answers["model_package", other] = {"ModelApprovalStatus": "Rejected"}
    derived = world.store.add(Kind.ARTIFACT, "Model", None, f"{BASE}:model-package/churn/5")
    world.store.join(world.arns["model"], derived, "DerivedFrom")
    world.store.join(world.arns["model"], world.arns["monitor"])
    found = approval_of(world.store, find_one(world.store, MODEL))
    assert found.status == Status.MIXED
    assert found.note is not None
    assert PACKAGE in found.note
    assert other in found.note


def test_a_package_that_cannot_be_read_is_unknown() -> None:
    """The reason is kept. So is a status that we do not know."""
    world = worked()
    package = find_one(world.store, PACKAGE)
    world.store.answers["model_package", PACKAGE] = {"ModelApprovalStatus": "New"}
    assert approval_of(world.store, package).status == Status.UNKNOWN
    world.store.answers.clear()
    assert approval_of(world.store, package).note == f"{PACKAGE} does not exist"

    def deny(name: str) -> None:
        if name == "model_package":
            raise Denied("not allowed")

    world.store.before = deny
    assert approval_of(world.store, package).note == "not allowed"


def test_an_approval_is_merged_into_the_properties() -> None:
    """Old properties stay; an old note is removed with the old decision."""
    world = worked()
    arn = world.arns["model"]
    world.store.update(Change(kind=Kind.ARTIFACT, arn=arn, properties={"accuracy": "0.9", "approval_note": "old"}))
    step = approve(find_one(world.store, MODEL), parse_status("approved"), "jo", None, NOW)
    assert sentence(step) == f"{arn}: accuracy=0.9, approval_date=2026-02-01T12:00:00Z, approved=true, approver=jo"
    approvals.run(world.store, step)
    model = find_one(world.store, MODEL)
    assert model.details
    assert dict(model.details.properties) == {
        "accuracy": "0.9",
        "approved": "true",
        "approver": "jo",
        "approval_date": "2026-02-01T12:00:00Z",
    }
    approvals.run(world.store, approve(model, Status.REJECTED, "jo", "bad\x1b", NOW))
    found = approval_of(world.store, find_one(world.store, MODEL))
    assert (found.status, found.note) == (Status.REJECTED, "bad\x1b")


def test_a_package_gets_the_status_itself() -> None:
    """The person stands in the description: the package has no other place for it."""
    world = worked()
    for note, description in ((None, "by jo"), ("fine", "fine (by jo)")):
        step = approve(find_one(world.store, PACKAGE), Status.PENDING, "jo", note, NOW)
        assert sentence(step) == (
            f"{PACKAGE}: ModelApprovalStatus=PendingManualApproval, ApprovalDescription={description}"
        )
        approvals.run(world.store, step)
        found = approval_of(world.store, find_one(world.store, PACKAGE))
        assert (found.status, found.note) == (Status.PENDING, description)


def test_an_approval_names_a_person() -> None:
    """An audit cannot use an empty name."""
    world = worked()
    with pytest.raises(Invalid, match="--by"):
        approve(find_one(world.store, MODEL), Status.APPROVED, " ", None, NOW)


def test_wrong_approvals_are_refused() -> None:
    """Before the first write."""
    world = worked()
    with pytest.raises(Invalid, match="only models"):
        approve(find_one(world.store, RAW), Status.APPROVED, "jo", None, NOW)
    with pytest.raises(Invalid, match="approved, rejected or pending"):
        parse_status("maybe")
    assert parse_status("PendingManualApproval") == Status.PENDING
    full = world.store.add(Kind.ARTIFACT, "Model", None, "s3://full", properties={str(at): "" for at in range(28)})
    with pytest.raises(Invalid, match="at most 30"):
        approve(world.store.describe(full, Kind.ARTIFACT), Status.APPROVED, "jo", None, NOW)
    assert world.store.writes == 0


def test_versions_are_joined_by_derived_from_in_any_branch() -> None:
    """The oldest first, from any of them."""
    world = worked()
    add, join = world.store.add, world.store.join
    one, two, branch = (add(Kind.ARTIFACT, "Model", name, f"s3://{name}") for name in ("v1", "v2", "v2b"))
    data = add(Kind.ARTIFACT, "DataSet", "d", "s3://d")
    for source, destination in ((one, two), (one, branch), (data, one)):
        join(source, destination, "DerivedFrom")
    for text in ("v1", "s3://v2", branch):
        found = versions(world.store, text)
        assert [version.model.arn for version in found.versions] == [one, two, branch]
    assert [row[4] for row in found.sheet().rows] == ["", "v1", "v1"]


@pytest.mark.parametrize("text", [PACKAGE, GROUP, "churn-group", f"{BASE}:model-package/churn/4"])
def test_versions_of_a_package_are_those_of_its_group(text: str) -> None:
    """Of no other group, also if its name begins with the same letters."""
    world = worked()
    second = world.store.add(Kind.ARTIFACT, "Model", None, f"{BASE}:model-package/churn/4")
    world.store.add(Kind.ARTIFACT, "Model", None, f"{BASE}:model-package/churn2/1")
    found = versions(world.store, text)
    assert [version.model.arn for version in found.versions] == [world.arns["package"], second]


def test_versions_of_a_group_by_its_name() -> None:
    """The context of a group has another name. SageMaker does not document it."""
    world = worked()
    world.store.add(Kind.ARTIFACT, "Model", None, f"{BASE}:model-package/fraud/1")
    found = versions(world.store, "fraud")
    assert [version.model.source_uri for version in found.versions] == [f"{BASE}:model-package/fraud/1"]


@pytest.mark.parametrize("text", [RAW, "nothing", f"{BASE}:artifact/none", f"{BASE}:model-package-group/none"])
def test_versions_of_no_model_are_an_error(text: str) -> None:
    """It names the text."""
    with pytest.raises(NotFound, match=text):
        versions(worked().store, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", NOW - timedelta(days=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("4w", NOW - timedelta(weeks=4)),
        ("5m", NOW - timedelta(minutes=5)),
        ("2026-01-10", DEPLOYED),
        ("2026-01-10T01:00:00+01:00", DEPLOYED),
    ],
)
def test_times_are_read(text: str, expected: datetime) -> None:
    """Before now, or absolute."""
    assert before(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "999999w", "30", "-1d", "2026-13-01"])
def test_other_times_are_errors(text: str) -> None:
    """The error has examples of times."""
    with pytest.raises(Invalid, match="write 30d"):
        before(text, NOW)
