"""The fields that `sumo setup` made. Fields have no description, so the collector's description lists them."""

from collections.abc import Iterable, Sequence

from capture_ops.observability.sumo.api import Document

_LIST = " Fields made: "


def described(mark: str, made: Iterable[str]) -> str:
    """Return the description of the collector."""
    names = sorted(set(made))
    return f"{mark}{_LIST}{', '.join(names)}" if names else mark


def made_fields(collector: Document | None) -> frozenset[str]:
    """Return the fields that the description of a collector lists."""
    _, found, names = str((collector or {}).get("description") or "").partition(_LIST)
    return frozenset(names.split(", ")) if found else frozenset()


def users_of(field: str, rules: Sequence[Document], mark: str) -> list[str]:
    """Return the names of the rules of others that set a field."""
    return [
        str(rule["name"])
        for rule in rules
        if mark not in str(rule.get("parseExpression")) and field in [str(name).lower() for name in _names(rule)]
    ]


def _names(rule: Document) -> Sequence[str]:
    """Return the fields of a rule: those that the API lists, else the last `fields` of its expression."""
    _, _, last = str(rule.get("parseExpression", "")).rpartition("fields ")
    return list(rule.get("fieldNames") or [name.strip() for name in last.split(",")])
