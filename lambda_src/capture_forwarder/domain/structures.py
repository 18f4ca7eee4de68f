"""Values that are lists: the types of Arthur for language, recommender, image and time series models.

A list is sent as it is captured. Text that holds the JSON of a list, as in a CSV cell, becomes the list. A function
raises `ValueError` when a value does not fit; the message never holds the value. Null stands for a missing number,
score or text anywhere; names and times must be there.

Sources: `arthurai` 3.33.3 (`dataset_validation_utils`), https://docs.arthur.ai/docs/ranked-list-recommender-systems,
https://docs.arthur.ai/docs/cv-onboarding, https://docs.arthur.ai/docs/preparing-for-onboarding
"""

from collections.abc import Callable

import msgspec

from capture_forwarder.domain.inference import Value
from capture_forwarder.domain.values import JsonValue, timestamp_value

_Check = Callable[[JsonValue], bool]


def tokens(value: JsonValue) -> Value:
    """Return the tokens of a text, or any other list of texts."""
    return _list_of(value, _is_text_or_null, "not a list of texts")


def token_likelihoods(value: JsonValue) -> Value:
    """Return the likely tokens at each place of a text: a list of objects, each of numbers by token."""
    return _list_of(value, _is_likelihoods, "not a list of objects that hold a number for each token")


def ranked_list(value: JsonValue) -> Value:
    """Return recommended items, best first: a list of objects with `item_id`, and perhaps `score` and `label`."""
    return _list_of(value, _is_item, "not a list of objects with item_id, and perhaps a score and a label")


def bounding_boxes(value: JsonValue) -> Value:
    """Return boxes in an image: a list of lists of numbers (class, confidence, left, top, width, height)."""
    return _list_of(value, _is_box, "not a list of lists of numbers")


def time_series(value: JsonValue) -> Value:
    """Return a series: a list of objects with `timestamp`, which has a time zone, and `value`, a number."""
    return _list_of(value, _is_moment, "not a list of objects with a timestamp in a time zone and a value")


def image_reference(value: JsonValue) -> Value:
    """Return the path or address of an image."""
    if not isinstance(value, str):
        raise ValueError("not the path of an image")  # noqa: TRY004 - one exception type says "does not fit"
    return value


def _list_of(value: JsonValue, fits: _Check, misfit: str) -> Value:
    if isinstance(value, str):
        if not value.strip():
            return None
        value = _decoded(value, misfit)
    if not isinstance(value, list) or not all(map(fits, value)):
        raise ValueError(misfit)
    return value


def _decoded(text: str, misfit: str) -> JsonValue:
    """Return the document in `text`; NaN is no JSON, though Python writes it."""
    try:
        document: JsonValue = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise ValueError(misfit) from None
    return document


def _is_text_or_null(value: JsonValue) -> bool:
    return value is None or isinstance(value, str)


def _is_number_or_null(value: JsonValue) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_likelihoods(value: JsonValue) -> bool:
    return isinstance(value, dict) and all(map(_is_number_or_null, value.values()))


def _is_item(value: JsonValue) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("item_id"), str)
        and _is_number_or_null(value.get("score"))
        and _is_text_or_null(value.get("label"))
    )


def _is_box(value: JsonValue) -> bool:
    return isinstance(value, list) and all(map(_is_number_or_null, value))


def _is_moment(value: JsonValue) -> bool:
    if not isinstance(value, dict) or not _is_number_or_null(value.get("value")):
        return False
    try:
        return timestamp_value(value.get("timestamp")) is not None
    except ValueError:
        return False
