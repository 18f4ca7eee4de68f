"""The document of `import` and `export`: contexts, actions, artifacts and links, by local names.

    contexts:
      pipeline: {type: Pipeline}
    artifacts:
      data: {type: DataSet, source_uri: s3://bucket/train.csv, properties: {rows: "100"}}
    links:
      - {from: pipeline, to: data, type: AssociatedWith}

A link may also have the ARN of an entity that exists as an end. Numbers and truth values are read as they are written.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from integrations.lineage.arns import is_arn
from integrations.lineage.errors import Invalid
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.planning.limits import edge_problems, entity_problems
from integrations.lineage.planning.naming import generated_source
from integrations.lineage.ports import NewEntity

SECTIONS = {"contexts": Kind.CONTEXT, "actions": Kind.ACTION, "artifacts": Kind.ARTIFACT}
KINDS = frozenset(SECTIONS.values())
_TEXTS = ("name", "type", "source_uri", "status", "description")
_MAPS = ("properties", "metadata", "tags")
_FIELDS = {*_TEXTS, *_MAPS, "source_types"}
_LINK_FIELDS = {"from", "to", "type"}


class Document(Struct, frozen=True):
    """The content of a file: entities by local name, and associations between local names or ARNs."""

    entities: Mapping[str, NewEntity]
    links: Sequence[Edge]


def decoded(content: Any) -> Document:
    """Return the document of decoded YAML or JSON.

    Raises:
        Invalid: The content is wrong. The text has one line for each problem, with its place.
    """
    reader = _Reader()
    document = reader.document(content)
    if reader.problems:
        raise Invalid("\n".join(reader.problems))
    return document


def encoded(document: Document) -> dict[str, Any]:
    """Return the content that `decoded` reads back."""
    content: dict[str, Any] = {}
    for section, kind in SECTIONS.items():
        named = {name: _fields(entity) for name, entity in document.entities.items() if entity.kind == kind}
        if named:
            content[section] = named
    if document.links:
        content["links"] = [
            {"from": link.source, "to": link.destination} | ({"type": link.type} if link.type else {})
            for link in document.links
        ]
    return content


def _fields(entity: NewEntity) -> dict[str, Any]:
    values = {name: getattr(entity, name) for name in ("type", "source_uri", "status", "description")}
    values["source_types"] = [{"type": type_, "value": value} for type_, value in entity.source_types]
    values |= {name: dict(getattr(entity, name)) for name in _MAPS}
    return {"name": entity.name} | {name: value for name, value in values.items() if value}


class _Reader:
    """Reads a document, and collects all problems."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def document(self, content: Any) -> Document:
        content = self._mapping(content, "the document")
        self._unknown(content, {*SECTIONS, "links"}, "the document")
        entities: dict[str, NewEntity] = {}
        for section, kind in SECTIONS.items():
            for name, fields in self._mapping(content.get(section), section).items():
                place = f"{section}.{name}"
                if name in entities:
                    self.problems.append(f"{place}: the local name is used twice; rename one of the entities")
                if is_arn(name):
                    self.problems.append(f"{place}: a local name must not be an ARN")
                entities[name] = self._entity(kind, name, self._mapping(fields, place), place)
        links = [self._link(link, f"links[{at}]", entities) for at, link in enumerate(self._list(content.get("links")))]
        return Document(entities, [link for link in links if link])

    def _entity(self, kind: Kind, local: str, fields: Mapping[str, Any], place: str) -> NewEntity:
        self._unknown(fields, _FIELDS, place)
        texts = {name: self._text(fields.get(name), f"{place}.{name}") for name in _TEXTS}
        name = texts["name"] if "name" in fields else local
        entity = NewEntity(
            kind=kind,
            type=texts["type"] or "",
            name=name,
            source_uri=texts["source_uri"] or generated_source(kind, name or local),
            source_types=self._source_types(fields.get("source_types"), f"{place}.source_types"),
            status=texts["status"],
            description=texts["description"],
            **{each: self._texts(fields.get(each), f"{place}.{each}") for each in _MAPS},
        )
        self.problems += [f"{place}: {problem}" for problem in entity_problems(entity)]
        return entity

    def _source_types(self, content: Any, place: str) -> tuple[tuple[str, str], ...]:
        found = []
        for at, each in enumerate(self._list(content, place)):
            pair = self._texts(each, f"{place}[{at}]")
            self._unknown(pair, {"type", "value"}, f"{place}[{at}]")
            found.append((pair.get("type", ""), pair.get("value", "")))
        return tuple(found)

    def _link(self, content: Any, place: str, entities: Mapping[str, Any]) -> Edge | None:
        fields = self._mapping(content, place)
        self._unknown(fields, _LINK_FIELDS, place)
        ends = [self._text(fields.get(name), f"{place}.{name}") for name in ("from", "to")]
        for name, end in zip(("from", "to"), ends, strict=True):
            if not end:
                self.problems.append(f"{place}: {name} is missing; give a local name or an ARN")
            elif end not in entities and not is_arn(end):
                self.problems.append(f"{place}.{name}: the document has no entity {end!a}")
        source, destination = ends
        if not source or not destination:
            return None
        edge = Edge(source, destination, self._text(fields.get("type"), f"{place}.type"))
        self.problems += [f"{place}: {problem}" for problem in edge_problems(edge)]
        return edge

    def _mapping(self, content: Any, place: str) -> Mapping[str, Any]:
        if content is None:
            return {}
        if isinstance(content, Mapping):
            wrong = [key for key in content if not isinstance(key, str)]
            self.problems += [f"{place}: a key is no text" for _ in wrong]
            return {key: value for key, value in content.items() if isinstance(key, str)}
        self.problems.append(f"{place}: must have names with values, as in `name: value`")
        return {}

    def _texts(self, content: Any, place: str) -> dict[str, str]:
        texts = {key: self._text(value, f"{place}.{key}") for key, value in self._mapping(content, place).items()}
        return {key: value or "" for key, value in texts.items()}

    def _list(self, content: Any, place: str = "links") -> Sequence[Any]:
        if content is None:
            return ()
        if isinstance(content, list):
            return content
        self.problems.append(f"{place}: must be a list")
        return ()

    def _text(self, content: Any, place: str) -> str | None:
        if content is None or isinstance(content, str):
            return content
        self.problems.append(f"{place}: must be a text")
        return None

    def _unknown(self, content: Mapping[str, Any], known: set[str], place: str) -> None:
        for name in sorted(content.keys() - known):
            self.problems.append(f"{place}: {name!a} is not known; known are {_listed(known)}")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def problems_of_names(names: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each name that is written twice in one mapping of a file."""
    for name in names:
        yield f"{name!a} is written twice in one place; the second would replace the first"
