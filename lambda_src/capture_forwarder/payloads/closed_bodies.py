"""Bodies that are one call, whatever their lists: prompts, chat, detections, streams."""

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.elements_kind import Document, Elements

_BOXES = ("boxes", "normalized_boxes", "detection_boxes")


def is_closed(document: Document, *, is_answer: bool) -> bool:
    """Tell whether an object is one call by its keys."""
    keys = document.keys()
    if not is_answer:
        return "messages" in keys or ("query" in keys and not keys.isdisjoint({"texts", "documents", "table"}))
    return (
        "choices" in keys
        or keys >= {"labels", "scores", "sequence"}
        or keys >= {"annotations", "image_size"}
        or (not keys.isdisjoint(_BOXES) and not keys.isdisjoint({"labels", "classes", "scores"}))
    )


def is_stream(documents: Elements) -> bool:
    """Tell whether JSON Lines are a stream of tokens."""
    return len(documents) > 0 and all(map(_has_token, documents))


def _has_token(document: JsonValue) -> bool:
    return isinstance(document, dict) and "token" in document
