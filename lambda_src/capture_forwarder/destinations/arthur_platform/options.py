"""Checks of options that the destinations for Arthur share."""

from collections.abc import Iterator
from urllib.parse import urlsplit


def api_problems(url: str) -> Iterator[str]:
    """Yield the problems of the address of Arthur."""
    try:
        path = urlsplit(url).path
    except ValueError:  # the check of addresses has a sentence for it
        return
    if "/api/v3/" in f"{path}/".lower():
        yield "url: remove /api/v3 and all that follows it; the function adds the path of each call"
