"""Runs recipes, and the records that they give: by URN and aspect, with patches applied."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datahub.ingestion.run.pipeline import Pipeline
from datahub.metadata import schema_classes

Records = dict[tuple[str, str], dict[str, Any]]


def run(kind: str, config: dict[str, Any], file: Path, **recipe: Any) -> Pipeline:
    """Run a source into a file, and return its pipeline."""
    sink = {"type": "file", "config": {"filename": str(file)}}
    pipeline = Pipeline.create(
        {"source": {"type": kind, "config": config}, "sink": sink, **recipe}, no_progress=True, report_to=None
    )
    pipeline.run()
    return pipeline


def records_of(file: Path) -> Records:
    """Return the records in a file of DataHub's file sink."""
    return merged(json.loads(file.read_text()))


def merged(entries: list[dict[str, Any]]) -> Records:
    """Return records by URN and aspect; a patch changes the record before it, or begins one."""
    found: Records = {}
    for entry in entries:
        for urn, name, aspect, is_patch in _aspects(entry):
            if not is_patch:
                found[urn, name] = _without_nulls(aspect)
                continue
            target = found.setdefault((urn, name), {})
            for operation in aspect:
                _, field, key = operation["path"].split("/", 2)
                target.setdefault(field, {})[key.replace("~1", "/").replace("~0", "~")] = operation["value"]
    return found


def _aspects(entry: dict[str, Any]) -> Iterator[tuple[str, str, Any, bool]]:
    if "proposedSnapshot" in entry:
        (snapshot,) = entry["proposedSnapshot"].values()
        for aspect in snapshot["aspects"]:
            ((name, content),) = aspect.items()
            yield snapshot["urn"], _aspect_name(name), content, False
    else:
        yield entry["entityUrn"], entry["aspectName"], entry["aspect"]["json"], entry["changeType"] == "PATCH"


def _aspect_name(record: str) -> str:
    kind = getattr(schema_classes, f"{record.rpartition('.')[2]}Class")
    return str(kind.ASPECT_NAME)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def fields_of(records: Records) -> dict[tuple[str, str, str], Any]:
    """Return the values of all records by URN, aspect and field; custom properties are fields of their own."""
    found: dict[tuple[str, str, str], Any] = {}
    for (urn, aspect), content in records.items():
        for field, value in content.items():
            if field == "customProperties":
                found |= {(urn, aspect, f"{field}.{key}"): each for key, each in value.items()}
            else:
                found[urn, aspect, field] = value
    return found


def urns_in(value: Any) -> set[str]:
    """Return every URN in a document."""
    if isinstance(value, str):
        return {value} if value.startswith("urn:li:") else set()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {urn for each in inner for urn in urns_in(each)}


def dangling(records: Records) -> set[str]:
    """Return the URNs of SageMaker, the forwarder and monitors that are referred to, and have no aspect."""
    emitted = {urn for urn, _ in records}
    referred = {urn for content in records.values() for urn in urns_in(content)}
    kinds = ("dataset", "dataFlow", "dataJob", "mlModel", "mlFeature", "mlPrimaryKey")
    ours = {urn for urn in referred if urn.removeprefix("urn:li:").startswith(kinds)}
    return {urn for urn in ours - emitted if "dataPlatform:s3," not in urn and "dataPlatform:glue," not in urn}
