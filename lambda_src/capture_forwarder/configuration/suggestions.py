"""Near misses: the names and values that a misspelt word may stand for."""

from collections.abc import Iterable
from difflib import get_close_matches

_LIKENESS = 0.7  # of two words, from 0 to 1, as difflib measures it
_MIN_PART_CHARS = 4
_MAX_SUGGESTIONS = 3


def near(word: str, known: Iterable[str]) -> list[str]:
    """Return the words of `known` that `word` may stand for, the best first; at most three."""
    plain = {_plain(each): each for each in known}
    wanted = _plain(word)
    found = get_close_matches(wanted, plain, _MAX_SUGGESTIONS, _LIKENESS)
    if not found and len(wanted) >= _MIN_PART_CHARS:
        found = [each for each in plain if wanted in each][:_MAX_SUGGESTIONS]
    return [plain[each] for each in found]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the question that ends a sentence about `word`; empty if no word of `known` is near."""
    found = near(word, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _plain(word: str) -> str:
    return word.lower().replace("_", "-").strip()
