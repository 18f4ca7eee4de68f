"""The plans of `record` and `add-to`: the inputs and outputs of an action, and the members of a context."""

from collections.abc import Sequence

from msgspec import Struct

from integrations.lineage.errors import LineageError, NotFound
from integrations.lineage.finding.named import one
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.planning.entities import creation, joining
from integrations.lineage.planning.naming import generated_source
from integrations.lineage.planning.steps import Step
from integrations.lineage.ports import NewEntity, ReadsLineage


class Recording(Struct, frozen=True, kw_only=True):
    """An action with its inputs and outputs. URIs that no artifact has yet become artifacts of the given types.

    The action is created if it does not exist and `type` is given.
    """

    action: str
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    type: str | None = None
    source_uri: str | None = None
    status: str | None = None
    input_type: str = "DataSet"
    output_type: str = "Model"


def recording(store: ReadsLineage, what: Recording) -> list[Step]:
    """Plan the action, the artifacts, `ContributedTo` from each input, and `Produced` to each output.

    Raises:
        NotFound: An end does not exist and cannot be created. The text lists all.
    """
    steps: list[Step] = []
    wrong: list[str] = []

    def end(text: str, entity: NewEntity | None) -> str:
        try:
            found, more = _end(store, text, entity)
        except LineageError as error:
            wrong.append(str(error))
            return text
        steps.extend(step for step in more if step not in steps)
        return found

    action = end(what.action, _action(what))
    inputs = [end(text, _artifact(text, what.input_type)) for text in what.inputs]
    outputs = [end(text, _artifact(text, what.output_type)) for text in what.outputs]
    if wrong:
        raise NotFound("\n".join(wrong))
    edges = [Edge(each, action, "ContributedTo") for each in inputs] + [
        Edge(action, each, "Produced") for each in outputs
    ]
    return steps + joining(store, edges)


def adding(store: ReadsLineage, context: str, texts: Sequence[str], type_: str) -> list[Step]:
    """Plan an association from a context to each entity.

    Raises:
        NotFound: An entity does not exist. The text lists all.
    """
    ends: list[str] = []
    wrong: list[str] = []
    for text, kind in [(context, Kind.CONTEXT), *((each, None) for each in texts)]:
        try:
            ends.append(one(store, text, kind).arn)
        except LineageError as error:
            wrong.append(str(error))
    if wrong:
        raise NotFound("\n".join(wrong))
    return joining(store, (Edge(ends[0], each, type_) for each in ends[1:]))


def _end(store: ReadsLineage, text: str, entity: NewEntity | None) -> tuple[str, Sequence[Step]]:
    """Return the ARN of an entity, or the key of one that a step creates."""
    try:
        return one(store, text, Kind.ACTION if entity and entity.kind == Kind.ACTION else None).arn, ()
    except NotFound:
        if entity is None:
            raise
    planned = creation(store, entity, f"new:{text}")
    return planned.end, planned.steps


def _action(what: Recording) -> NewEntity | None:
    if what.type is None:
        return None
    source = what.source_uri or generated_source(Kind.ACTION, what.action)
    return NewEntity(kind=Kind.ACTION, type=what.type, name=what.action, source_uri=source, status=what.status)


def _artifact(text: str, type_: str) -> NewEntity | None:
    return NewEntity(kind=Kind.ARTIFACT, type=type_, source_uri=text) if "://" in text else None
