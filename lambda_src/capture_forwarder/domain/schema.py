"""A model's attributes, in the order in which positional values map to them."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated

from msgspec import Meta, Struct


class Stage(StrEnum):
    """Where in a model's life an attribute is known; Arthur's names."""

    PIPELINE_INPUT = "PIPELINE_INPUT"
    PREDICTED_VALUE = "PREDICTED_VALUE"
    NON_INPUT_DATA = "NON_INPUT_DATA"
    GROUND_TRUTH = "GROUND_TRUTH"
    GROUND_TRUTH_CLASS = "GROUND_TRUTH_CLASS"
    PREDICT_FUNCTION_INPUT = "PREDICT_FUNCTION_INPUT"


class ValueType(StrEnum):
    """The type a destination expects of an attribute; whatever else it may name is carried as text."""

    FLOAT = "FLOAT"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    STRING = "STRING"
    TIMESTAMP = "TIMESTAMP"
    IMAGE = "IMAGE"
    UNSTRUCTURED_TEXT = "UNSTRUCTURED_TEXT"


class Attribute(Struct, frozen=True, forbid_unknown_fields=True):
    """One named value of an inference; an implicit one is derived by the platform when it is not sent."""

    name: Annotated[str, Meta(description="Name of the attribute at the destination")]
    stage: Annotated[Stage, Meta(description="Side of the call, or source, that the attribute comes from")]
    value_type: Annotated[ValueType, Meta(description="Type of the values")]
    position: Annotated[
        int | None, Meta(description="Order among the attributes of the stage, for values without names; may have gaps")
    ] = None
    implicit: Annotated[bool, Meta(description="The destination derives the attribute if it is not sent")] = False


class ModelSchema(Struct, frozen=True, dict=True):
    """The attributes of one model."""

    attributes: tuple[Attribute, ...]

    @cached_property
    def inputs(self) -> "Side":
        """What a request holds: positional values are pipeline inputs, names may also be non-input data."""
        return self._side(Stage.PIPELINE_INPUT, Stage.NON_INPUT_DATA)

    @cached_property
    def outputs(self) -> "Side":
        """What an answer holds: predicted values."""
        return self._side(Stage.PREDICTED_VALUE)

    def _side(self, stage: Stage, *also: Stage) -> "Side":
        ordered = sorted(
            (attribute for attribute in self.attributes if attribute.stage is stage and attribute.position is not None),
            key=lambda attribute: attribute.position or 0,
        )
        named = [attribute for attribute in self.attributes if attribute.stage in (stage, *also)]
        return Side(
            every=tuple(ordered),
            visible=tuple(attribute for attribute in ordered if not attribute.implicit),
            expected=tuple(
                attribute for attribute in self.attributes if attribute.stage is stage and not attribute.implicit
            ),
            by_name={attribute.name: attribute for attribute in named},
        )


class Side(Struct, frozen=True):
    """The attributes of one direction of a call.

    Positions may have gaps, so it is their order that counts; an implicit attribute (the complement that Arthur adds to
    a binary model at position 0) takes a value only when the call gave one for every attribute.
    """

    every: tuple[Attribute, ...]
    visible: tuple[Attribute, ...]
    expected: tuple[Attribute, ...]
    by_name: dict[str, Attribute]

    def positional(self, count: int) -> tuple[Attribute, ...] | None:
        """Return the attributes that `count` ordered values belong to, or `None` if there is no such mapping."""
        for candidates in (self.visible, self.every):
            if len(candidates) == count:
                return candidates
        return None

    @property
    def widths(self) -> frozenset[int]:
        """How many ordered values one row may have."""
        return frozenset({len(self.visible), len(self.every)} - {0})
