"""The parts that building yields: nodes, edges and problems; and properties that many entities have."""

import re
from collections.abc import Iterable, Iterator, Mapping

from integrations.catalog.nodes import Edge, Key, Node, Problem
from integrations.catalog.values import CreatedBy, Document, Estate

_REGION = re.compile(r"arn:[^:]+:sagemaker:([a-z0-9-]+):")
Part = Node | Edge | Problem
Parts = Iterator[Part]


def tags_of(estate: Estate, arn: str) -> tuple[str, ...]:
    """Return the tags of an entity as DataHub names them: `key:value`, or `key` if the value is empty."""
    return tuple(f"{key}:{value}" if value else key for key, value in sorted(estate.tags.get(arn, {}).items()))


def owners_of(created_by: CreatedBy | None) -> tuple[str, ...]:
    """Return the user who created an entity in SageMaker Studio, if there is one."""
    return (created_by.user_profile_name,) if created_by and created_by.user_profile_name else ()


def shown(properties: Mapping[str, object]) -> dict[str, str]:
    """Return properties as texts, without those that have no value."""
    return {key: _text(value) for key, value in properties.items() if value not in (None, "", (), [])}


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def extended(estate: Estate, key: Key, arn: str, label: str, owners: Iterable[str] = ()) -> Node:
    """Return the node of an entity that the wrapped source makes: it gets tags and owners."""
    return Node(key=key, label=label, extends=True, tags=tags_of(estate, arn), owners=tuple(owners))


def console_url(arn: str, page: str) -> str:
    """Return the address of a page of SageMaker's console in the region of `arn`; empty without a region."""
    found = _REGION.match(arn)
    region = found[1] if found else ""
    return f"https://{region}.console.aws.amazon.com/sagemaker/home?region={region}#/{page}" if region else ""


def user_of(document: Document) -> CreatedBy | None:
    """Return who created an entity, from its whole description."""
    created_by = document.get("CreatedBy")
    name = created_by.get("UserProfileName") if isinstance(created_by, dict) else None
    return CreatedBy(user_profile_name=name) if isinstance(name, str) else None
