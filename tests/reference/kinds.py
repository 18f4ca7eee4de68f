"""Kinds of elements, error bodies and closed bodies (section 2 of the rule)."""

from typing import Any

LABEL_KEYS = ("labels", "classes", "class_names", "label_names", "target_names", "categories")
ERROR_KEYS = (
    {"error", "error_type"},
    {"error_code", "message"},
    {"ErrorCode", "Message"},
    {"errorType", "errorMessage"},
)


def is_plain(value: Any) -> bool:
    """Tell whether a value is a number, a text, a boolean or null; an empty list or object is null under a key."""
    return not isinstance(value, list | dict)


def is_number_like(value: Any) -> bool:
    return isinstance(value, int | float)


def kind_of_one(value: Any) -> str:
    if isinstance(value, str):
        return "texts"
    if isinstance(value, list):
        return "lists"
    return "objects" if isinstance(value, dict) else "numbers"


def kind_of(elements: list[Any], *, answer: bool) -> str:
    """Return the one kind of the elements, or "" if there are several; null and error bodies fit everywhere."""
    kinds = {kind_of_one(one) for one in elements if one is not None and not (answer and is_error(one))}
    if len(kinds) > 1:
        return ""
    if not kinds:
        return "objects" if any(isinstance(one, dict) for one in elements) else "numbers"
    kind = kinds.pop()
    if answer and kind == "lists" and lists_side_by_side([one for one in elements if isinstance(one, list)]):
        return ""
    if answer and kind == "objects" and objects_side_by_side([one for one in elements if not is_error(one)]):
        return ""
    return kind


def are_arrays(elements: list[Any]) -> bool:
    """Tell whether the elements of an answer are arrays side by side."""
    found = [one for one in elements if one is not None and not is_error(one)]
    alike = all(isinstance(one, list) for one in found) or all(isinstance(one, dict) for one in found)
    return alike and not kind_of(elements, answer=True)


def lists_side_by_side(lists: list[list[Any]]) -> bool:
    """Tell whether lists are columns: numbers or texts beside lists, or texts beside numbers from 0 to 1."""
    if len(lists) < 2 or any(len(one) < 2 for one in lists):
        return False
    kinds = {simple_kind(one) for one in lists}
    if "" in kinds or len(kinds) < 2 or "objects" in kinds:
        return False
    numbers = [one for numbers in lists if simple_kind(numbers) == "numbers" for one in numbers]
    return "lists" in kinds or all(one is None or 0 <= one <= 1 for one in numbers)


def simple_kind(elements: list[Any]) -> str:
    kinds = {kind_of_one(one) for one in elements if one is not None}
    return kinds.pop() if len(kinds) == 1 else "" if kinds else "numbers"


def objects_side_by_side(objects: list[Any]) -> bool:
    """Tell whether objects that hold lists share no name."""
    found = [one for one in objects if isinstance(one, dict)]
    names = [name for one in found for name in one]
    holds = all(any(isinstance(value, list) and value for value in one.values()) for one in found)
    return len(found) > 1 and holds and len(set(names)) == len(names)


def has_text(value: Any) -> bool:
    """Tell whether a document holds a text; names of keys do not count."""
    if isinstance(value, dict):
        value = list(value.values())
    return any(map(has_text, value)) if isinstance(value, list) else isinstance(value, str)


def has_lists(value: Any) -> bool:
    """Tell whether a value is a list or holds one at any depth; an empty list is a null value."""
    if isinstance(value, dict):
        return any(map(has_lists, value.values()))
    return isinstance(value, list) and bool(value)


def is_error(value: Any) -> bool:
    """Tell whether a document is an error body."""
    if isinstance(value, str):
        return is_traceback(value)
    if not isinstance(value, dict):
        return False
    statuses = [value.get("code"), value.get("status")]
    if any(type(one) is int and 400 <= one <= 599 for one in statuses) and {"message", "error"} & value.keys():
        return True
    details = value.get("details")
    return (
        (list(value) == ["error"] and not is_measured(value["error"]))
        or list(value) == ["detail"]
        or any(marks <= value.keys() for marks in ERROR_KEYS)
        or value.get("object") == "error"
        or (isinstance(details, dict) and details.get("finish_reason") == "error")
    )


def is_measured(error: Any) -> bool:
    """Tell whether an `error` is a number or a list of numbers: the error of a reconstruction."""
    if isinstance(error, list):
        return bool(error) and all(map(is_measured, error))
    return is_number_like(error) and not isinstance(error, bool)


def is_traceback(text: str) -> bool:
    return text.lstrip().startswith("Traceback (most recent call last)")


def is_closed(document: dict[str, Any], *, answer: bool) -> bool:
    """Tell whether a document is one call, whatever its lists."""
    names = document.keys()
    if not answer:
        return "messages" in names or ("query" in names and bool({"texts", "documents", "table"} & names))
    boxes = {"boxes", "normalized_boxes", "detection_boxes"} & names
    return (
        "choices" in names
        or {"labels", "scores", "sequence"} <= names
        or bool(boxes and {"labels", "classes", "scores"} & names)
        or {"annotations", "image_size"} <= names
    )


def ordered(value: Any) -> list[Any] | None:
    """Return the ordered values of `{"features": [..]}`, `{"probabilities": [..]}` or `data.features.values`."""
    match value:
        case {"features": list(values)} | {"probabilities": list(values)} if len(value) == 1 and values:
            return values
        case {"data": {"features": {"keys": list(keys), "shape": [int(width)], "values": list(values)} as inner}} if (
            len(value) == 1 and len(inner) == 3 and len(keys) == len(values)
        ):
            return sparse(keys, width, values)
        case {"data": {"features": {"values": list(values)} as inner}} if len(value) == 1 and len(inner) == 1:
            return values
    return None


def sparse(keys: list[Any], width: int, values: list[Any]) -> list[Any] | None:
    """Return the values of a sparse row, with zeros between; `None` if the keys are no places."""
    if not all(type(key) is int and 0 <= key < width for key in keys) or len(set(keys)) < len(keys):
        return None
    return [dict(zip(keys, values, strict=True)).get(place, 0) for place in range(width)]
