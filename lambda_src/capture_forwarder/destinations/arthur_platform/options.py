"""Checks of options that the destinations for Arthur share."""

from collections.abc import Iterator
from urllib.parse import urlsplit


def api_problems(url: str) -> Iterator[str]:
    """Yield what to change in the address of Arthur."""
    try:
        path = urlsplit(url).path
    except ValueError:  # the check of addresses has a sentence for it
        return
    if path.rstrip("/").endswith("/api/v3"):
        yield "url: remove /api/v3, which the function adds"
