"""A model's attributes, and how the values of a call map to them."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated

from msgspec import Meta, Struct


class Stage(StrEnum):
    """The stage of an attribute, in Arthur's names."""

    PIPELINE_INPUT = "PIPELINE_INPUT"
    PREDICTED_VALUE = "PREDICTED_VALUE"
    NON_INPUT_DATA = "NON_INPUT_DATA"
    GROUND_TRUTH = "GROUND_TRUTH"
    GROUND_TRUTH_CLASS = "GROUND_TRUTH_CLASS"
    PREDICT_FUNCTION_INPUT = "PREDICT_FUNCTION_INPUT"


class ValueType(StrEnum):
    """The type that a destination expects of an attribute, in Arthur's names; any other type is carried as text.

    Values of the types in `STRUCTURES` are lists, whose form `domain.structures` describes.
    """

    FLOAT = "FLOAT"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    STRING = "STRING"
    TIMESTAMP = "TIMESTAMP"
    IMAGE = "IMAGE"
    UNSTRUCTURED_TEXT = "UNSTRUCTURED_TEXT"
    TOKENS = "TOKENS"
    TOKEN_LIKELIHOODS = "TOKEN_LIKELIHOODS"  # noqa: S105 - the tokens of a text
    RANKED_LIST = "RANKED_LIST"
    BOUNDING_BOX = "BOUNDING_BOX"
    TIME_SERIES = "TIME_SERIES"
    STRING_ARRAY = "ARRAY(STRING)"


STRUCTURES = frozenset(
    {
        ValueType.TOKENS,
        ValueType.TOKEN_LIKELIHOODS,
        ValueType.RANKED_LIST,
        ValueType.BOUNDING_BOX,
        ValueType.TIME_SERIES,
        ValueType.STRING_ARRAY,
    }
)


class Attribute(Struct, frozen=True, forbid_unknown_fields=True):
    """One named value of an inference; the platform derives an implicit value if it is not sent."""

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
        """The attributes of a request: ordered values are pipeline inputs, named values may also be non-input data."""
        return self._side(Stage.PIPELINE_INPUT, Stage.NON_INPUT_DATA)

    @cached_property
    def outputs(self) -> "Side":
        """The attributes of an answer: predicted values."""
        return self._side(Stage.PREDICTED_VALUE)

    def _side(self, stage: Stage, *named_only: Stage) -> "Side":
        ordered = sorted(
            (attribute for attribute in self.attributes if attribute.stage is stage and attribute.position is not None),
            key=lambda attribute: attribute.position or 0,
        )
        named = [attribute for attribute in self.attributes if attribute.stage in (stage, *named_only)]
        return Side(
            every=tuple(ordered),
            visible=tuple(attribute for attribute in ordered if not attribute.implicit),
            expected=tuple(
                attribute for attribute in self.attributes if attribute.stage is stage and not attribute.implicit
            ),
            by_name={attribute.name: attribute for attribute in named},
            structures=frozenset(one.name for one in named if one.value_type in STRUCTURES),
        )


class Side(Struct, frozen=True):
    """The attributes of one direction of a call.

    `every` and `visible` are in the order of their positions. Positions may have gaps. `visible` leaves out implicit
    attributes, such as the complement that Arthur adds to a binary model at position 0. `expected` are the attributes
    that are null if a caller does not name them.
    """

    every: tuple[Attribute, ...]
    visible: tuple[Attribute, ...]
    expected: tuple[Attribute, ...]
    by_name: dict[str, Attribute]
    structures: frozenset[str] = frozenset()

    def positional(self, count: int) -> tuple[Attribute, ...] | None:
        """Return the attributes of `count` ordered values, or `None` if the model has another number of attributes.

        Implicit attributes take values only if there is a value for every attribute.
        """
        for candidates in (self.visible, self.every):
            if len(candidates) == count:
                return candidates
        return None

    @property
    def widths(self) -> frozenset[int]:
        """The numbers of ordered values that one row may have."""
        return frozenset({len(self.visible), len(self.every)} - {0})
