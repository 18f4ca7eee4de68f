"""The source of an entity as the documentation's classes take it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from msgspec import Struct

from integrations.lineage.errors import Invalid
from integrations.lineage.graph import Kind
from integrations.lineage.planning.limits import SOURCE_ID_TYPES
from integrations.lineage.planning.naming import named, valid_name
from integrations.lineage.ports import NewEntity

Tags = Sequence[Mapping[str, str]]
Source = Mapping[str, Any]


class Given(Struct, frozen=True, kw_only=True):
    """The arguments of `create`."""

    name: str | None
    type: str | None
    source: Source | None = None
    source_uri: str | None = None
    source_types: Sequence[Mapping[str, str]] | None = None
    properties: Mapping[str, str] | None = None
    tags: Tags | None = None
    status: str | None = None
    description: str | None = None
    metadata: Mapping[str, str] | None = None


def new_entity(kind: Kind, given: Given) -> NewEntity:
    """Return the entity that `create` makes. A name or a source that is left out is made.

    The documentation has names that SageMaker does not accept, such as `model-v1.0`; they are made valid.

    Raises:
        Invalid: The type is missing, or a property is no text.
    """
    if not given.type:
        noun = kind.value.lower()
        raise Invalid(f"{noun}_type is missing; name the type of the {noun}, such as 'Model'")
    source = given.source or {}
    uri = given.source_uri if given.source_uri is not None else source.get("source_uri", source.get("SourceUri"))
    types = given.source_types or source.get("source_types") or source.get("SourceTypes") or ()
    name = None if given.name is None else valid_name(given.name, kind)
    name, uri = named(kind, given.type, name, uri, uuid4().hex)
    return NewEntity(
        kind=kind,
        type=given.type,
        name=name,
        source_uri=uri,
        source_types=tuple(_pair(kind, each) for each in types),
        properties=texts(given.properties),
        tags=tag_mapping(given.tags or ()),
        status=given.status,
        description=given.description,
        metadata=texts(given.metadata),
    )


def texts(properties: Mapping[str, str] | None) -> dict[str, str]:
    """Return properties.

    Raises:
        Invalid: Keys or values are no texts. The text lists all.
    """
    found = dict(properties or {})
    wrong = [each for pair in found.items() for each in pair if not isinstance(each, str)]
    if wrong:
        raise Invalid("\n".join(f"the property {each!r} is no text; write it as str({each!r})" for each in wrong))
    return found


def tag_mapping(tags: Tags) -> dict[str, str]:
    """Return tags, each with Key and Value, as a mapping.

    Raises:
        Invalid: A tag has other keys.
    """
    try:
        return {tag["Key"]: tag["Value"] for tag in tags}
    except (KeyError, TypeError) as error:
        raise Invalid('A tag is written as {"Key": ..., "Value": ...}') from error


def _pair(kind: Kind, content: Mapping[str, str]) -> tuple[str, str]:
    """Return a source type. Artifacts have four types of their own; any other becomes Custom."""
    try:
        type_, value = content["SourceIdType"], content["Value"]
    except (KeyError, TypeError) as error:
        raise Invalid('A source type is written as {"SourceIdType": ..., "Value": ...}') from error
    known = kind != Kind.ARTIFACT or type_ in SOURCE_ID_TYPES
    return type_ if known else "Custom", value
