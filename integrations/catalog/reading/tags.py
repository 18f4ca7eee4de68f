"""Tags of entities: a hundred a call where Search gives them, else one call an entity."""

from collections.abc import Iterable
from typing import Any

from integrations.catalog.reading.calls import CallFailed, Calls
from integrations.catalog.reading.describing import Describing
from integrations.catalog.reading.operations import LIST_TAGS, SEARCH, Listing
from integrations.catalog.values import Document

Tags = dict[str, str]


def tags(calls: Calls, describing: Describing, listing: Listing, arns: Iterable[str]) -> dict[str, Tags]:
    """Return the tags of these entities of one kind by ARN; entities without tags are left out."""
    wanted = list(dict.fromkeys(arns))
    if not wanted:
        return {}
    if listing.search:
        found = _searched(calls, listing, listing.search)
    else:
        found = dict(zip(wanted, describing.each(wanted, lambda arn: _listed(calls, describing, arn)), strict=True))
    return {arn: found[arn] for arn in wanted if found.get(arn)}


def _searched(calls: Calls, listing: Listing, resource: str) -> dict[str, Tags]:
    found = {}
    for result in calls.items(SEARCH, "Results", Resource=resource):
        entity = _table(result.get(resource))
        entity = _table(entity.get(resource)) or entity  # a model lies in a card of the model dashboard
        found[str(entity.get(listing.arn))] = _tags(entity.get("Tags"))
    return found


def _table(value: Any) -> Document:
    return value if isinstance(value, dict) else {}


def _listed(calls: Calls, describing: Describing, arn: str) -> Tags:
    described = describing.documents.get(arn, {}).get("Tags")
    if described is not None:
        return _tags(described)
    try:
        pages = [_tags(page.get("Tags")) for page in calls.pages(LIST_TAGS, arn, ResourceArn=arn)]
        return {key: value for page in pages for key, value in page.items()}
    except CallFailed:
        return {}


def _tags(listed: Any) -> Tags:
    listed = listed if isinstance(listed, list) else []
    return {str(tag["Key"]): str(tag.get("Value") or "") for tag in listed if isinstance(tag, dict) and "Key" in tag}
