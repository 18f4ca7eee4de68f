"""One row of one captured call, and its id; the same id every time makes sending it again harmless."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import repeat
from typing import Any

from msgspec import Struct

# A list is the value of an attribute whose type has a structure; `domain.structures` has these types.
Value = str | int | float | bool | list[Any] | None


class PartnerInferenceId:
    """The id of an inference at a monitoring platform."""

    @staticmethod
    def for_row(call_id: str, index: int, count: int) -> str:
        """Return the id of row `index` (from 0) of a call that held `count` rows.

        `_{index}` is appended only when the call held several rows:
        https://docs.arthur.ai/docs/sagemaker-data-capture
        """
        return call_id if count == 1 else f"{call_id}_{index}"

    @staticmethod
    def for_rows(call_id: str, indices: Iterable[int], count: int) -> Iterator[str]:
        """Make the ids of the rows with `indices` of a call that held `count` rows."""
        return repeat(call_id, 1) if count == 1 else map(f"{call_id}_".__add__, map(str, indices))


class Sides(Struct, gc=False):
    """The values of one row with inputs and outputs apart; each is a dictionary or a struct: values by name."""

    inputs: object
    outputs: object


class Inference(Struct, frozen=True, gc=False):
    """One inference, named and typed: `line` counts from 1, `index` is the row within the call, from 0."""

    partner_inference_id: str
    inference_timestamp: datetime
    inputs: dict[str, Value]
    outputs: dict[str, Value]
    line: int
    index: int

    @property
    def data(self) -> dict[str, Value]:
        """Inputs and outputs in one flat row; if both have a name, the output's value is `output.{name}`."""
        same = self.inputs.keys() & self.outputs.keys()
        if not same:
            return self.inputs | self.outputs
        return self.inputs | {f"output.{name}" if name in same else name: one for name, one in self.outputs.items()}

    @property
    def sides(self) -> Sides:
        """Inputs and outputs apart."""
        return Sides(self.inputs, self.outputs)

    @property
    def loses_a_value(self) -> bool:
        """Whether `output.{name}` is the name of another value, too, so that one flat row would lose one of them."""
        if self.inputs.keys().isdisjoint(self.outputs):
            return False
        return len(self.data) < len(self.inputs) + len(self.outputs)
