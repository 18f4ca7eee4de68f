"""The plans of `record` and `add-to`: the inputs and outputs of an action, and the members of a context."""

from collections.abc import Sequence

from msgspec import Struct

from integrations.lineage.errors import REFUSED, LineageError, NotFound, together
from integrations.lineage.finding.endpoints import Reads
from integrations.lineage.finding.lookups import check_lookups
from integrations.lineage.finding.named import each_one, one
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.planning.creating import creation
from integrations.lineage.planning.entities import joining
from integrations.lineage.planning.naming import generated_source
from integrations.lineage.planning.steps import NEW, Step
from integrations.lineage.ports import NewEntity


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


def recording(store: Reads, what: Recording) -> list[Step]:
    """Plan the action, the artifacts, `ContributedTo` from each input, and `Produced` to each output.

    Raises:
        NotFound, AlreadyExists, Invalid: An end does not exist and cannot be created. The text lists all.
    """
    steps: list[Step] = []
    wrong: list[LineageError] = []
    check_lookups(what.action, *what.inputs, *what.outputs)

    def end(text: str, entity: NewEntity | None) -> str:
        try:
            found, more = _end(store, text, entity)
        except REFUSED as error:
            wrong.append(error)
            return text
        steps.extend(step for step in more if step not in steps)
        return found

    action = end(what.action, _action(what))
    inputs = [end(text, _artifact(text, what.input_type)) for text in what.inputs]
    outputs = [end(text, _artifact(text, what.output_type)) for text in what.outputs]
    if wrong:
        raise together(wrong)
    edges = [Edge(each, action, "ContributedTo") for each in inputs] + [
        Edge(action, each, "Produced") for each in outputs
    ]
    return steps + joining(store, edges)


def adding(store: Reads, context: str, texts: Sequence[str], type_: str) -> list[Step]:
    """Plan an association from a context to each entity.

    Raises:
        NotFound, Invalid: An entity does not exist, or a name is that of several. The text lists all.
    """
    first, *others = each_one(store, {context: Kind.CONTEXT} | dict.fromkeys(texts))
    return joining(store, (Edge(first.arn, each.arn, type_) for each in others))


def _end(store: Reads, text: str, entity: NewEntity | None) -> tuple[str, Sequence[Step]]:
    """Return the ARN of an entity, or the key of one that a step creates."""
    try:
        return one(store, text, Kind.ACTION if entity and entity.kind == Kind.ACTION else None).arn, ()
    except NotFound:
        if entity is None:
            raise
    planned = creation(store, entity, f"{NEW}{text}")
    return planned.end, planned.steps


def _action(what: Recording) -> NewEntity | None:
    if what.type is None:
        return None
    source = what.source_uri or generated_source(Kind.ACTION, what.action)
    return NewEntity(kind=Kind.ACTION, type=what.type, name=what.action, source_uri=source, status=what.status)


def _artifact(text: str, type_: str) -> NewEntity | None:
    return NewEntity(kind=Kind.ARTIFACT, type=type_, source_uri=text) if "://" in text else None
