"""DataHub's source and ours on one account, in figures.

`python -m tests.catalog.datahub.head_to_head` writes them into docs/catalog.md.
"""

import os
import re
import tempfile
from functools import partial
from pathlib import Path

from msgspec import Struct

from tests.catalog.accounts import ACCOUNT, BUCKET, MADE, endpoint, model, processing_job, training_job
from tests.catalog.datahub.edges import edges_of, hops
from tests.catalog.datahub.original import KEYS
from tests.catalog.datahub.records import Records, dangling, records_of, run
from tests.catalog.table import Document, Refused, Table
from tests.catalog.table_server import TableServer, serving

PAGE = Path(__file__).parents[3] / "docs/catalog.md"
_BETWEEN = re.compile(r"(<!-- head to head -->\n).*?(<!-- end -->)", re.DOTALL)
_FORWARDER = f"""
[[destination]]
name = "arthur"
kind = "arthur"
url = "https://arthur.example"
secret = "secretsmanager:arthur"

[[route]]
name = "a"
bucket = "{BUCKET}"
prefix = "captures/a/"
destination = "arthur"
model_id = "model-of-a"

[[route.attribute]]
name = "age"
stage = "PIPELINE_INPUT"
value_type = "INTEGER"
position = 0

[[route.attribute]]
name = "score"
stage = "PREDICTED_VALUE"
value_type = "FLOAT"
position = 0
"""
_SERVED = {"a": ("a",), "b": ("b",), "ab": ("a", "b"), "quiet": ("c",)}
DATA = "urn:li:dataset:(urn:li:dataPlatform:s3,data/a,PROD)"
MODEL = "urn:li:mlModel:(urn:li:dataPlatform:sagemaker,{},PROD)"
MONITORED = "urn:li:dataset:(urn:li:dataPlatform:arthur,arthur/model-of-a,PROD)"
CAPTURES_OF_B = tuple(
    f"urn:li:dataset:(urn:li:dataPlatform:s3,{BUCKET}/captures/{each},PROD)"
    for each in ("b/AllTraffic", "ab/variant-2")
)
MONITOR = f"urn:li:dataJob:(urn:li:dataFlow:(sagemaker,processing:monitor,PROD),{ACCOUNT}:processing-job/monitor)"
_STOPPED_AFTER = 50


class Figures(Struct, frozen=True):
    """The counts of a run. `hops` are from the training data of A to its monitored model."""

    dangling: int
    false_links: int
    missing_outputs: int
    self_inputs: int
    hops: int | None
    a_to_captures_of_b: int
    calls_for_two_pages: int


def account() -> Table:
    """Two models on one image with an endpoint each, an A/B endpoint, one without capture, a monitor, a tuning job."""
    table = Table()
    for name in ("a", "b"):
        model(table, name)
        training_job(table, name)
    model(table, "c", PrimaryContainer={"Image": "other:1", "ModelDataUrl": "s3://m/c.tgz"})
    for name, models in _SERVED.items():
        endpoint(table, name, *models, capture=None if name == "quiet" else f"s3://{BUCKET}/captures")
        _deployed(table, name, models)
    processing_job(table, "monitor", f"s3://{BUCKET}/captures/a/AllTraffic/2026/01/02")
    output = {"OutputName": "report", "S3Output": {"S3Uri": "s3://reports/a"}}
    table.entities["ProcessingJob"]["monitor"]["ProcessingOutputConfig"] = {"Outputs": [output]}
    table.add(
        "HyperParameterTuningJob",
        {
            "HyperParameterTuningJobName": "tuning",
            "HyperParameterTuningJobStatus": "Completed",
            "CreationTime": MADE,
            "TrainingJobDefinitions": [{"DefinitionName": "b"}],
        },
    )
    table.entities["TrainingJob"]["b"]["TuningJobArn"] = f"{ACCOUNT}:hyper-parameter-tuning-job/tuning"
    return table


def _deployed(table: Table, name: str, models: tuple[str, ...]) -> None:
    """Add SageMaker's own lineage of an endpoint: an action, its models and images, and the context of the endpoint."""
    action, context = f"{ACCOUNT}:action/{name}", f"{ACCOUNT}:context/{name}"
    table.add("Action", {"ActionName": name, "ActionArn": action, "ActionType": "ModelDeployment"})
    source = {"SourceUri": f"{ACCOUNT}:endpoint/{name}", "SourceType": "ARN"}
    table.add("Context", {"ContextName": name, "ContextArn": context, "ContextType": "Endpoint", "Source": source})
    _associate(table, (action, "ModelDeployment"), (context, "Endpoint"))
    for each in models:
        container = table.entities["Model"][each]["PrimaryContainer"]
        for kind, uri in (("Model", container["ModelDataUrl"]), ("Image", container["Image"])):
            arn = f"{ACCOUNT}:artifact/{kind}-{uri}"
            table.add("Artifact", {"ArtifactArn": arn, "ArtifactType": kind, "Source": {"SourceUri": uri}})
            _associate(table, (arn, kind), (action, "ModelDeployment"))


def _associate(table: Table, source: tuple[str, str], target: tuple[str, str]) -> None:
    ends = {"SourceArn": source[0], "SourceType": source[1], "DestinationArn": target[0], "DestinationType": target[1]}
    table.add("Association", {"AssociationArn": f"{source[0]}-{target[0]}", **ends})


def feature_group_of_two_pages() -> Table:
    """A feature group with four features. DescribeFeatureGroup gives two at a time."""
    table = Table()
    table.feature_page_size = 2
    table.add(
        "FeatureGroup",
        {
            "FeatureGroupName": "group",
            "FeatureGroupStatus": "Created",
            "CreationTime": MADE,
            "RecordIdentifierFeatureName": "f0",
            "FeatureDefinitions": [{"FeatureName": f"f{number}", "FeatureType": "String"} for number in range(4)],
        },
    )
    return table


def figures(kind: str, folder: Path) -> Figures:
    """Run a source on both accounts, and count."""
    found = _records(kind, account(), folder)
    edges = edges_of(found)
    return Figures(
        dangling=len(dangling(found)),
        false_links=sum(len(_linked(found, name) - _serving(name)) for name in ("a", "b", "c")),
        missing_outputs=int(not found[MONITOR, "dataJobInputOutput"]["outputDatasets"]),
        self_inputs=sum(urn in each.get("inputDatajobs", ()) for (urn, _), each in found.items()),
        hops=hops(edges, DATA, MONITORED),
        a_to_captures_of_b=sum(hops(edges, MODEL.format("a"), each) is not None for each in CAPTURES_OF_B),
        calls_for_two_pages=_calls_for_features(kind, folder),
    )


def _linked(found: Records, name: str) -> set[str]:
    """Return the endpoints that a model names, whether by name or by ARN."""
    urns = found[MODEL.format(name), "mlModelProperties"].get("deployments", ())
    return {urn.split(",")[1].rpartition("/")[2] for urn in urns}


def _serving(name: str) -> set[str]:
    return {each for each, models in _SERVED.items() if name in models}


def _records(kind: str, table: Table, folder: Path) -> Records:
    with serving(table) as server:
        return _run(kind, server, folder)


def _calls_for_features(kind: str, folder: Path) -> int:
    """Return the calls for a feature group of two pages; a run that never ends is stopped."""
    with serving(feature_group_of_two_pages()) as server:
        server.table.answers["DescribeFeatureGroup"] = partial(_until_stopped, server)
        _run(kind, server, folder)
        return server.counts["DescribeFeatureGroup"]


def _until_stopped(server: TableServer, asked: Document) -> Document:
    if server.counts["DescribeFeatureGroup"] >= _STOPPED_AFTER:
        raise Refused("AccessDeniedException", "the test stops here")
    return server.table.feature_group(asked)


def _run(kind: str, server: TableServer, folder: Path) -> Records:
    (folder / "forwarder.toml").write_text(_FORWARDER)
    ours = {"aws_endpoint_url": server.url, "forwarder_config": str(folder / "forwarder.toml")}
    os.environ["AWS_ENDPOINT_URL"] = server.url
    try:
        file = folder / f"{kind}.json"
        run(kind, {"aws_region": "eu-west-1", **KEYS, **(ours if kind != "sagemaker" else {})}, file)
    finally:
        del os.environ["AWS_ENDPOINT_URL"]
    return records_of(file)


def table_of(theirs: Figures, ours: Figures) -> str:
    """Return the figures as a table in Markdown."""
    rows = (
        ("references to entities that do not exist", theirs.dangling, ours.dangling),
        ("links between a model and an endpoint that does not serve it", theirs.false_links, ours.false_links),
        ("processing jobs without their outputs", theirs.missing_outputs, ours.missing_outputs),
        ("jobs that are their own input", theirs.self_inputs, ours.self_inputs),
        ("steps from training data to the monitored model", theirs.hops or "no way", ours.hops or "no way"),
        ("ways from model A to captures of model B", theirs.a_to_captures_of_b, ours.a_to_captures_of_b),
        (
            "calls for a feature group of two pages",
            f"never ends (stopped after {theirs.calls_for_two_pages})",
            ours.calls_for_two_pages,
        ),
    )
    lines = [f"| {name} | {before} | {after} |" for name, before, after in rows]
    return "\n".join(["| | `sagemaker` | `sagemaker-capture` |", "|---|---|---|", *lines, ""])


def main() -> None:
    """Write the table into the page."""
    with tempfile.TemporaryDirectory() as folder:
        table = table_of(figures("sagemaker", Path(folder)), figures("sagemaker-capture", Path(folder)))
    PAGE.write_text(_BETWEEN.sub(lambda found: found[1] + table + found[2], PAGE.read_text()))


if __name__ == "__main__":
    main()
