"""The measure of complexity against the cases of the engine that it is ported from.

The cases are those of `MachineComplexityEvaluatorTest` in https://github.com/aws/event-ruler (commit 337e8d99, Apache
License 2.0, Copyright Amazon.com, Inc. or its affiliates), without matchers of other kinds, which count nothing.
"""

import pytest

from tests.infra.limits.complexity import complexity, rule_complexity, wildcard

EXPLODER = (
    "aahed* aal*ii aargh* aarti* a*baca *abaci a*back ab*acs abaf*t *abaka ab*amp a*band *abase abash* abas*k ab*ate aba*ya "
    "abbas* abbed* ab*bes abbey* *abbot ab*cee abea*m abe*ar a*bele a*bers abet*s *abhor abi*de a*bies *abled"
)
CASES: list[tuple[int, str]] = [
    (1, "*"), (3, "* ab*c"), (1, "abc"), (2, "*ab"), (3, "*aa"), (2, "a*b"), (2, "aa*"), (2, "a*bc"), (3, "a*bb"),
    (3, "a*bcb"), (4, "a*bbb"), (4, "*ab*ad"), (3, "*ab*d"), (4, "*aba*"), (5, "a*b*bb"), (4, "a*b*cb"), (3, "a*b*cd"),
    (4, "a*b*b"), (4, "a*bb*"), (3, "ab*b*"), (3, "ab*c x*xx"), (4, "*abc *abcde"), (4, "a*bcd ab*cd"),
    (4, "a*bc a*bcde"), (7, "a*aaa aa*aa"), (4, "a*bc abc*d"), (6, "a*aaa aaa*a"), (5, "a*aax aaa*x"), (4, "a*bc abc*"),
    (5, "a*aa aaa*"), (3, "abc* abcde*"), (6, "ab*cd ab*wx ab*yz"), (7, "*ab*b*b*"), (17, "*a*a*a*a*a*a*a*a*"),
    (2, "*abc"), (2, "ab*c"), (2, "abc*"), (2, "ab*c ab*c"), (10, "F*eatureFeature Fe*atureFeature Fea*tureFeature"),
    (45, EXPLODER),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "patterns"), CASES, ids=[patterns[:40] for _, patterns in CASES])
def test_the_measure_gives_what_the_engine_gives(expected: int, patterns: str) -> None:
    """One field with these wildcards."""
    assert complexity(map(wildcard, patterns.split())) == expected


def test_the_count_ends_at_its_limit() -> None:
    """The engine stops at 100 too, so that a hostile pattern costs no time."""
    assert complexity([wildcard("F*e*a*t*u*r*e*" * 100)]) == 100


def test_the_most_complex_field_counts() -> None:
    """Other matchers count nothing."""
    field = [{"prefix": "b"}, {"wildcard": "a*a*a*a*a*a*"}, {"suffix": "c"}]
    assert rule_complexity({"abc": ["abcdef", {"suffix": "z"}], "deep": {"def": field}}) == 11


def test_routes_in_wildcards_would_be_refused_from_the_eleventh_on() -> None:
    """The quote at the beginning is shared: https://github.com/aws/event-ruler recommends at most 10."""
    for routes in (10, 11):
        keys = [{"wildcard": f"datacapture/endpoint-{index:03}/*.jsonl"} for index in range(routes)]
        assert rule_complexity({"detail": {"object": {"key": keys}}}) == routes


def test_an_escaped_star_is_no_wildcard() -> None:
    """Nor is an escaped backslash."""
    assert rule_complexity({"key": [{"wildcard": "a\\*\\\\b"}]}) == 1
