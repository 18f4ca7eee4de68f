"""The limits of SageMaker, checked before the first call. Sources: botocore's model of the API, and the guide."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from integrations.lineage.arns import is_arn, is_associable, is_experiment
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.planning.naming import MAX_NAME_CHARS, is_name
from integrations.lineage.ports import NewEntity

ASSOCIATION_TYPES = ("ContributedTo", "AssociatedWith", "DerivedFrom", "Produced", "SameAs")
STATUSES = ("Unknown", "InProgress", "Completed", "Failed", "Stopping", "Stopped")
SOURCE_ID_TYPES = ("MD5Hash", "S3ETag", "S3Version", "Custom")
METADATA = ("CommitId", "Repository", "GeneratedBy", "ProjectId")
# The manual entities of an account and region (developer guide). SageMaker's own are not limited.
MAX_ENTITIES = {Kind.ARTIFACT: 6000, Kind.CONTEXT: 500, Kind.ACTION: 3000}
MAX_ASSOCIATIONS = 6000
_MAX_SOURCE_CHARS = 2048
_MAX_TYPE_CHARS = 256
_MAX_SOURCE_ID_CHARS = 256
_MAX_PROPERTIES = 30
_MAX_KEY_CHARS = 2500
MAX_VALUE_CHARS = 4096
"""The characters of a property of an artifact."""
_MAX_METADATA_CHARS = 1024
_MAX_DESCRIPTION_CHARS = 3072
_MAX_TAGS = 50
_MAX_TAG_KEY_CHARS = 128
_MAX_TAG_VALUE_CHARS = 256


def entity_problems(entity: NewEntity) -> Iterable[str]:
    """Yield one sentence for each value that SageMaker would refuse."""
    if entity.kind not in MAX_ENTITIES:
        yield f"A {entity.kind} cannot be created; SageMaker makes it with the job"
        return
    yield from name_problems(entity.kind, entity.name)
    yield from line_problems("the source URI", entity.source_uri, 1, _MAX_SOURCE_CHARS)
    yield from _length("the type", entity.type, 1, _MAX_TYPE_CHARS)
    yield from _source_type_problems(entity)
    yield from value_problems(entity.kind, entity.properties, entity.status, entity.description)
    yield from _metadata_problems(entity)
    yield from tag_problems(entity.tags)


def value_problems(
    kind: Kind, properties: Mapping[str, str], status: str | None, description: str | None
) -> Iterable[str]:
    """Yield the problems of the values of an update; `properties` are those after the update."""
    if len(properties) > _MAX_PROPERTIES:
        yield f"{len(properties)} properties; at most {_MAX_PROPERTIES} are allowed"
    for key, value in properties.items():
        yield from line_problems("the key of a property", key, 1, _MAX_KEY_CHARS)
        yield from line_problems(
            f"the property {_short(key)}", value, 0, MAX_VALUE_CHARS if kind == Kind.ARTIFACT else _MAX_KEY_CHARS
        )
    if status is not None and kind != Kind.ACTION:
        yield "only actions have a status"
    elif status is not None and status not in STATUSES:
        yield f"the status {_short(status)} is none of {', '.join(STATUSES)}"
    if description is not None and kind == Kind.ARTIFACT:
        yield "artifacts have no description; use a property"
    yield from line_problems("the description", description or "", 0, _MAX_DESCRIPTION_CHARS)


def tag_problems(tags: Mapping[str, str], count: int | None = None) -> Iterable[str]:
    """Yield the problems of new tags. The entity has `count` tags with them, by default no others."""
    if (found := len(tags) if count is None else count) > _MAX_TAGS:
        yield f"{found} tags; at most {_MAX_TAGS} are allowed"
    for key, value in tags.items():
        yield from _length("the key of a tag", key, 1, _MAX_TAG_KEY_CHARS)
        yield from _length(f"the tag {_short(key)}", value, 0, _MAX_TAG_VALUE_CHARS)
        if not (_is_tag(key) and _is_tag(value)):
            yield f"the tag {_short(key)} has other signs than letters, digits, spaces and {_TAG_SIGNS}"
        if key.lower().startswith("aws:"):
            yield f"the tag {_short(key)} begins with aws:, which only AWS may use"


def edge_problems(edge: Edge) -> Iterable[str]:
    """Yield the problems of an association. Ends that are no ARNs are entities that do not exist yet."""
    if edge.source == edge.destination:
        yield "an association joins two entities; source and destination are the same"
    if is_experiment(edge.source) and is_experiment(edge.destination):
        yield "two experiment entities cannot be associated (experiments, trials and trial components)"
    for end in (edge.source, edge.destination):
        if is_arn(end) and not is_associable(end):
            yield f"{_short(end)} is no ARN of an artifact, action, context, experiment or trial component"
    if edge.type is not None and edge.type not in ASSOCIATION_TYPES:
        yield f"the association type {_short(edge.type)} is none of {', '.join(ASSOCIATION_TYPES)}"


def count_problems(entities: Sequence[NewEntity], edges: int) -> Iterable[str]:
    """Yield a sentence for each kind if a plan creates more of it than an account may hold."""
    for kind, most in MAX_ENTITIES.items():
        count = sum(entity.kind == kind for entity in entities)
        if count > most:
            yield f"the plan creates {count} {kind.value.lower()}s; an account may hold {most}"
    if edges > MAX_ASSOCIATIONS:
        yield f"the plan creates {edges} associations; an account may hold {MAX_ASSOCIATIONS}"


def name_problems(kind: Kind, name: str | None) -> Iterable[str]:
    """Yield the problem of a name. Only artifacts may have none."""
    if name is None:
        if kind != Kind.ARTIFACT:
            yield "the name is missing"
    elif not is_name(name, kind):
        allowed = "letters, digits, - and _" if kind == Kind.CONTEXT else "letters, digits and -"
        rule = f"1 to {MAX_NAME_CHARS} {allowed}, with a letter or digit at both ends"
        yield f"the name {_short(name)} is not valid; it must have {rule}"


def _source_type_problems(entity: NewEntity) -> Iterable[str]:
    if entity.kind != Kind.ARTIFACT and len(entity.source_types) > 1:
        yield f"{len(entity.source_types)} source types; only artifacts may have several"
    for type_, value in entity.source_types:
        if entity.kind == Kind.ARTIFACT and type_ not in SOURCE_ID_TYPES:
            yield f"the source type {_short(type_)} is none of {', '.join(SOURCE_ID_TYPES)}"
        yield from _length("a source type", type_, 0, _MAX_SOURCE_ID_CHARS)
        yield from _length(f"the value of the source type {_short(type_)}", value, 0, _MAX_SOURCE_ID_CHARS)


def _metadata_problems(entity: NewEntity) -> Iterable[str]:
    if entity.metadata and entity.kind == Kind.CONTEXT:
        yield "contexts have no metadata properties"
    for key, value in entity.metadata.items():
        if key not in METADATA:
            yield f"the metadata property {_short(key)} is none of {', '.join(METADATA)}"
        yield from line_problems(f"the metadata property {_short(key)}", value, 0, _MAX_METADATA_CHARS)


def line_problems(what: str, text: str, least: int, most: int) -> Iterable[str]:
    """Yield the problems of a text with the pattern `.*` in the model: in Java it matches no end of a line."""
    yield from _length(what, text, least, most)
    if _LINE_ENDS.search(text):
        yield f"{what} has the end of a line in it; SageMaker takes one line"


def _length(what: str, text: str, least: int, most: int) -> Iterable[str]:
    if len(text) < least:
        yield f"{what} is empty"
    elif len(text) > most:
        yield f"{what} has {len(text)} characters; at most {most} are allowed"


def _is_tag(text: str) -> bool:
    return all(letter in _TAG_SIGNS or unicodedata.category(letter)[0] in "LZN" for letter in text)


_LINE_ENDS = re.compile("[\n\r\u0085\u2028\u2029]")
_TAG_SIGNS = "_.:/=+-@"
_SHOWN_CHARS = 60


def _short(text: str) -> str:
    """Return a text from outside for an error, shortened, in quotes and with escapes."""
    return ascii(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}...")
