"""Schemas that fit generated calls: an attribute for every value, in the order of the values."""

from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from tests.properties.generated_batches import Named
from tests.properties.generated_calls import Rows

SIDES = ((Stage.PIPELINE_INPUT, 0), (Stage.PREDICTED_VALUE, 1))


def schema_of(rows: Rows) -> ModelSchema | None:
    """Return a schema of FLOAT and STRING attributes for the rows of a call; `None` if it has none."""
    found = [row for row in rows or [] if row]
    if not found:
        return None
    attributes = [
        Attribute(name, stage, type_of([row[place].get(name) for row in found]), position)
        for stage, place in SIDES
        for position, name in enumerate(dict.fromkeys(name for row in found for name in row[place]))
    ]
    return ModelSchema(tuple(attributes))


def type_of(values: list[object]) -> ValueType:
    """Return the type of an attribute that has these values."""
    return ValueType.STRING if any(isinstance(value, str | bool) for value in values) else ValueType.FLOAT


def typed(rows: Rows, schema: ModelSchema) -> Rows:
    """Return the rows of a call as the schema has them: numbers are floats, and what is missing is null."""
    sides = (schema.inputs, schema.outputs)
    return [
        row and (typed_side(row[0], list(sides[0].by_name)), typed_side(row[1], list(sides[1].by_name)))
        for row in rows or []
    ]


def typed_side(row: Named, names: list[str]) -> Named:
    """Return one side of a row with the names of the schema."""
    values = {name: row.get(name) for name in names}
    return {name: as_text(value) if isinstance(value, bool) else as_float(value) for name, value in values.items()}


def as_text(value: bool) -> str:  # noqa: FBT001 - a value of a row
    """Return a truth value as JSON writes it."""
    return "true" if value else "false"


def as_float(value: object) -> object:
    """Return a number as a float, and anything else as it is."""
    return float(value) if isinstance(value, int) else value
