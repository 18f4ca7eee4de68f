"""Names that SageMaker accepts, made from other text, and the source of an entity that has none."""

import re
from hashlib import sha256

from integrations.lineage.graph import Kind

MAX_NAME_CHARS = 120
_HASH_CHARS = 8
_KEPT_CHARS = MAX_NAME_CHARS - _HASH_CHARS - 1
_OTHER = re.compile(r"[^a-zA-Z0-9]+")
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_CONTEXT_NAME = re.compile(r"[a-zA-Z0-9]([-_]*[a-zA-Z0-9])*")
SCHEME = "capture-forwarder"


def is_name(text: str, kind: Kind) -> bool:
    """Return whether SageMaker accepts `text` as the name of an entity of this kind."""
    pattern = _CONTEXT_NAME if kind == Kind.CONTEXT else _NAME
    return len(text) <= MAX_NAME_CHARS and pattern.fullmatch(text) is not None


def hashed_name(text: str, *identity: str) -> str:
    """Return a valid name that shows `text`, and that differs if any text of `identity` or `text` itself differs."""
    shown = _OTHER.sub("-", text).strip("-")[:_KEPT_CHARS].strip("-") or "unnamed"
    digest = sha256("\0".join((text, *identity)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{shown}-{digest[:_HASH_CHARS]}"


def valid_name(name: str, kind: Kind) -> str:
    """Return `name` if SageMaker accepts it, else a name that shows it and that no other text gets."""
    return name if is_name(name, kind) else hashed_name(name)


def generated_source(kind: Kind, name: str) -> str:
    """Return the SourceUri of an entity that was given none, so that creating it twice finds the first."""
    return f"{SCHEME}://{kind.value.lower()}/{name}"


def named(kind: Kind, type_: str, name: str | None, source_uri: str | None, chance: str) -> tuple[str, str]:
    """Return the name and the SourceUri of a new entity. A missing one is made from the other, else by chance."""
    name = name if name is not None else hashed_name(type_, source_uri if source_uri is not None else chance)
    return name, source_uri if source_uri is not None else generated_source(kind, name)
