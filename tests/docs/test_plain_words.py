"""Docstrings name things: the words that stand in place of a noun are rare in every folder (`docs/writing.md`, rule 3)."""

import ast
import re
from pathlib import Path

import pytest

MAX_SHARE = 0.7  # of 100 words; docstrings of well-written projects have 0 to 0.4
VAGUE = re.compile(r"\b(?:what|which|whoever|nobody|nothing|owed)\b", re.IGNORECASE)
ROOTS = ("lambda_src", "capture_ops", "infra", "integrations", "docs", "benchmarks", "tests")
FOLDERS = sorted({path.parent for root in ROOTS for path in Path(root).rglob("*.py")})


def docstrings(path: Path) -> list[str]:
    """Return the docstrings of a module."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [text for node in nodes if isinstance(node, documented) and (text := ast.get_docstring(node))]


def share(texts: list[str]) -> float:
    """Return how many of 100 words are vague."""
    words = sum(len(re.findall(r"[A-Za-z']+", text)) for text in texts)
    return 100 * sum(len(VAGUE.findall(text)) for text in texts) / max(words, 1)


def test_vague_words_are_counted() -> None:
    """In any case, and only as whole words."""
    assert share(["Nobody knows what is whatever."]) == 40
    assert share(["Return the size in bytes."]) == 0


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_docstrings_name_things(folder: Path) -> None:
    """The folder without its subfolders. The message has the sentences to rewrite."""
    texts = [text for path in sorted(folder.glob("*.py")) for text in docstrings(path)]
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.:;])\s+", text) if VAGUE.search(sentence)]
    assert share(texts) < MAX_SHARE, "\n".join(sentences)
