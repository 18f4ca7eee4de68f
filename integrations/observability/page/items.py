"""One item of the page."""

from msgspec import Struct


class Item(Struct, frozen=True):
    """One item: its id, the content of the page in our words, and the reason if ours is not the same."""

    id: str
    text: str
    difference: str = ""
