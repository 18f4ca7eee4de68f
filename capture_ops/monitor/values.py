"""Checks of values against the attributes of a model, as strict as the contract allows, without conversion; pure."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from capture_forwarder.domain.schema import Stage, ValueType
from capture_ops.monitor.contract import GroundTruth, Model, NewInference

INFERENCE_STAGES = frozenset(
    {Stage.PIPELINE_INPUT, Stage.NON_INPUT_DATA, Stage.PREDICTED_VALUE, Stage.PREDICT_FUNCTION_INPUT}
)
GROUND_TRUTH_STAGES = frozenset({Stage.GROUND_TRUTH, Stage.GROUND_TRUTH_CLASS})
_INT64 = range(-(2**63), 2**63)
_NAME_CHARS = 64


class _Item(Struct, frozen=True):
    """One item of a ranked list: https://docs.arthur.ai/docs/ranked-list-recommender-systems."""

    item_id: str
    score: float | None = None
    label: str | None = None


class _Moment(Struct, frozen=True):
    """One value of a time series: https://docs.arthur.ai/docs/preparing-for-onboarding."""

    timestamp: Annotated[datetime, Meta(tz=True)]
    value: float | None


# The lists of `arthurai` 3.33.3, `dataset_validation_utils`.
_LISTS: dict[ValueType, Any] = {
    ValueType.TOKENS: list[str | None],
    ValueType.STRING_ARRAY: list[str | None],
    ValueType.TOKEN_LIKELIHOODS: list[dict[str, float | None]],
    ValueType.RANKED_LIST: list[_Item],
    ValueType.BOUNDING_BOX: list[list[float | None]],
    ValueType.TIME_SERIES: list[_Moment],
}


def problems(row: NewInference | GroundTruth, model: Model) -> list[str]:
    """Return every reason why `row` does not fit `model`. Reasons never contain values."""
    found = []
    if isinstance(row, NewInference):
        found += _misfits(row.inference_data, model, INFERENCE_STAGES)
        if (row.ground_truth_data is None) != (row.ground_truth_timestamp is None):
            found.append("ground_truth_data and ground_truth_timestamp come together or not at all")
    return found + _misfits(row.ground_truth_data or {}, model, GROUND_TRUTH_STAGES)


def _misfits(values: Mapping[str, Any], model: Model, stages: frozenset[Stage]) -> list[str]:
    if not model.attributes:
        nested = [name for name, value in values.items() if isinstance(value, list | dict)]
        return [f"{_shown(name)} is not a scalar" for name in nested]
    types = {one.name: one.value_type for one in model.attributes if one.stage in stages}
    unknown = [f"the model has no attribute {_shown(name)} here" for name in values.keys() - types.keys()]
    known = [(name, value) for name, value in values.items() if name in types and value is not None]
    return sorted(unknown) + [
        f"{_shown(name)} expects {types[name]}" for name, value in known if not _FITS[types[name]](value)
    ]


def _shown(name: str) -> str:
    return f"{name[:_NAME_CHARS]!a}"


def _is_float(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _is_integer(value: Any) -> bool:
    return type(value) is int and value in _INT64


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_timestamp(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_list(list_type: Any) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            msgspec.convert(value, list_type)
        except msgspec.ValidationError:
            return False
        return True

    return fits


_FITS: dict[ValueType, Callable[[Any], bool]] = {
    ValueType.FLOAT: _is_float,
    ValueType.INTEGER: _is_integer,
    ValueType.BOOLEAN: lambda value: isinstance(value, bool),
    ValueType.STRING: _is_text,
    ValueType.TIMESTAMP: _is_timestamp,
    ValueType.IMAGE: _is_text,
    ValueType.UNSTRUCTURED_TEXT: _is_text,
    **{value_type: _is_list(list_type) for value_type, list_type in _LISTS.items()},
}
