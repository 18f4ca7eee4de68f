"""The functions that make a value of each type, and the effect of a route's options on CSV cells.

A function raises `ValueError` when a value does not fit; the message never holds the value.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct

from capture_forwarder.domain.inference import Value
from capture_forwarder.domain.route import CsvSpace, EmptyText
from capture_forwarder.domain.schema import ValueType
from capture_forwarder.domain.structures import (
    bounding_boxes,
    image_reference,
    ranked_list,
    time_series,
    token_likelihoods,
    tokens,
)
from capture_forwarder.domain.values import (
    JsonValue,
    as_text,
    boolean_value,
    float_value,
    integer_value,
    parse_csv_cell,
    timestamp_value,
)

Converter = Callable[[JsonValue], Value]

CONVERTERS: Mapping[ValueType, Converter] = {
    ValueType.FLOAT: float_value,
    ValueType.INTEGER: integer_value,
    ValueType.BOOLEAN: boolean_value,
    ValueType.STRING: as_text,
    ValueType.TIMESTAMP: timestamp_value,
    ValueType.IMAGE: image_reference,
    ValueType.UNSTRUCTURED_TEXT: as_text,
    ValueType.TOKENS: tokens,
    ValueType.TOKEN_LIKELIHOODS: token_likelihoods,
    ValueType.RANKED_LIST: ranked_list,
    ValueType.BOUNDING_BOX: bounding_boxes,
    ValueType.TIME_SERIES: time_series,
    ValueType.STRING_ARRAY: tokens,
}


class CellOptions(Struct, frozen=True):
    """How a route treats the text of CSV cells: the space around it, and cells that hold only space."""

    space: CsvSpace = CsvSpace.AUTO
    empty: EmptyText = EmptyText.NULL


def typed(value: JsonValue, value_type: ValueType) -> Value:
    """Return `value` as `value_type`, or raise `ValueError` if it does not fit."""
    return None if value is None else CONVERTERS[value_type](value)


@lru_cache
def cell_converters(options: CellOptions) -> Mapping[ValueType, Converter]:
    """Return the functions for values of CSV, where a cell that holds only space is a missing value.

    The space around categories is trimmed unless `options` keep it; that around other text only if they trim it.
    """
    trim, keep_empty = options.space is CsvSpace.TRIM, options.empty is EmptyText.KEEP
    trim_category = options.space is not CsvSpace.KEEP
    return {
        **CONVERTERS,
        ValueType.STRING: _text_of_cell(as_text, trim=trim_category, keep_empty=keep_empty),
        ValueType.UNSTRUCTURED_TEXT: _text_of_cell(as_text, trim=trim, keep_empty=keep_empty),
        ValueType.IMAGE: _text_of_cell(image_reference, trim=trim, keep_empty=False),
    }


def _text_of_cell(convert: Converter, *, trim: bool, keep_empty: bool) -> Converter:
    def of_cell(value: JsonValue) -> Value:
        if not isinstance(value, str):
            return convert(value)
        stripped = value.strip()
        if not stripped and not keep_empty:
            return None
        return stripped if trim else value

    return of_cell


@lru_cache
def cell_parser(options: CellOptions) -> Callable[[str], Value]:
    """Return the function for CSV cells without a schema: `parse_csv_cell`, with the options for text."""
    trim, keep_empty = options.space is CsvSpace.TRIM, options.empty is EmptyText.KEEP
    if not trim and not keep_empty:
        return parse_csv_cell

    def parse(text: str) -> Value:
        value = parse_csv_cell(text)
        if value is None and keep_empty and not text.strip():
            value = text
        return value.strip() if trim and isinstance(value, str) else value

    return parse
