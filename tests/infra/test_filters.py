"""Filters of keys: which are merged, which stay separate, and which S3 would refuse."""

import fnmatch
import json

import pytest

from capture_forwarder.configuration.filters import Filter, covering_prefixes, filters, patterns, problems
from capture_forwarder.configuration.reader import SettingsError, parse_settings

A_DESTINATION = '[[destination]]\nname = "d"\nkind = "arthur"\nurl = "https://a.example.com"\nsecret = "ssm:/t"\n'


def configured(*routes: tuple[str, str], bucket: str = "create = true") -> str:
    """Return a configuration with a route for each prefix and suffix of one bucket."""
    tables = [
        f'[[route]]\nname = "r{index}"\nbucket = "captures"\nprefix = "{prefix}"\nsuffix = "{suffix}"\n'
        'destination = "d"\nmodel_id = "m"\n'
        for index, (prefix, suffix) in enumerate(routes)
    ]
    return "\n".join([A_DESTINATION, *tables, f'[[bucket]]\nname = "captures"\n{bucket}\n'])


# Prefixes and suffixes of routes -> the filters, and whether S3 accepts them.
OVERLAPS = {
    "one": ([("a/", ".jsonl")], [("a/", ".jsonl")], True),
    "disjoint prefixes": ([("a/", ".jsonl"), ("b/", ".jsonl")], [("a/", ".jsonl"), ("b/", ".jsonl")], True),
    "prefixes end at a slash": ([("a/", ".jsonl"), ("ab/", ".jsonl")], [("a/", ".jsonl"), ("ab/", ".jsonl")], True),
    "nested": ([("a/b/", ".jsonl"), ("a/", ".jsonl")], [("a/", ".jsonl")], True),
    "nested thrice": ([("a/", ".jsonl"), ("a/b/c/", ".jsonl"), ("a/b/", ".jsonl")], [("a/", ".jsonl")], True),
    "siblings below nothing": ([("a/b/", ".jsonl"), ("a/c/", ".jsonl")], [("a/b/", ".jsonl"), ("a/c/", ".jsonl")], True),
    "everything": ([("", ".jsonl"), ("a/", ".jsonl"), ("b/", ".jsonl")], [("", ".jsonl")], True),
    "nested, other suffixes": ([("a/", ".jsonl"), ("a/b/", ".jsonl.gz")], [("a/", ".jsonl"), ("a/b/", ".jsonl.gz")], True),
    ".jsonl does not end with .json": ([("a/", ".json"), ("a/b/", ".jsonl")], [("a/", ".json"), ("a/b/", ".jsonl")], True),
    "a shorter suffix above covers": ([("a/", ".gz"), ("a/b/", ".jsonl.gz")], [("a/", ".gz")], True),
    "a shorter suffix below crosses": ([("a/", ".jsonl.gz"), ("a/b/", ".gz")], [("a/", ".jsonl.gz"), ("a/b/", ".gz")], False),
    "crossing, the other way round": ([("a/b/", ".gz"), ("a/", ".jsonl.gz")], [("a/", ".jsonl.gz"), ("a/b/", ".gz")], False),
    "crossing apart": ([("a/", ".jsonl.gz"), ("b/", ".gz")], [("a/", ".jsonl.gz"), ("b/", ".gz")], True),
}  # fmt: skip


@pytest.mark.parametrize(("routes", "merged", "accepted"), OVERLAPS.values(), ids=OVERLAPS)
def test_covered_filters_are_merged_and_crossing_filters_are_refused(
    routes: list[tuple[str, str]], merged: list[tuple[str, str]], *, accepted: bool
) -> None:
    """S3 refuses two filters if both their prefixes and their suffixes overlap."""
    settings = parse_settings(configured(*routes))
    assert [(one.prefix, one.suffix) for one in filters(settings, "captures")] == merged
    assert (list(problems(settings)) == []) is accepted


def test_a_refused_filter_names_both_routes_and_the_remedy() -> None:
    """It is one of the problems of the file, in the words of the file."""
    text = configured(("a/", ".jsonl.gz"), ("a/b/", ".gz"), ("c/", ".jsonl"))
    with pytest.raises(SettingsError) as caught:
        parse_settings(text.replace('"https:', '"http:'), "my.toml", problems)
    (_, problem) = caught.value.problems
    assert problem == (
        "route 'r0' and route 'r1': S3 refuses two overlapping notifications of one bucket (a/*.jsonl.gz, a/b/*.gz); "
        "give both the same suffix, or write trigger = \"eventbridge\" in the [[bucket]] 'captures'"
    )


def test_the_event_bus_accepts_overlapping_filters() -> None:
    """One rule has all keys of a bucket, so it delivers an event once."""
    settings = parse_settings(configured(("a/", ".jsonl.gz"), ("a/b/", ".gz"), bucket='trigger = "eventbridge"'))
    assert list(problems(settings)) == []


def test_more_filters_than_a_bucket_can_have_are_refused() -> None:
    """S3 takes a hundred notifications for one bucket."""
    many = [(f"m{index:03}/", ".jsonl") for index in range(101)]
    (problem,) = problems(parse_settings(configured(*many)))
    assert problem.startswith(
        "bucket 'captures': S3 takes at most 100 notifications for one bucket, and the routes need 101"
    )
    assert not list(problems(parse_settings(configured(*many[:100]))))


@pytest.mark.parametrize(
    ("prefix", "matcher"),
    [
        ("", {"suffix": ".jsonl"}),
        ("datacapture/churn/", {"wildcard": "datacapture/churn/*.jsonl"}),
        ("odd*name/", {"wildcard": "odd\\*name/*.jsonl"}),
        ("back\\slash/", {"wildcard": "back\\\\slash/*.jsonl"}),
    ],
)
def test_the_event_bus_matches_a_prefix_literally(prefix: str, matcher: dict[str, str]) -> None:
    """The wildcards of the bus are escaped."""
    assert Filter(prefix, ".jsonl", "r").matcher == matcher


@pytest.mark.parametrize(
    ("prefix", "rules"),
    [
        ("", {"suffix": ".jsonl"}),
        ("datacapture/churn-2_a/", {"prefix": "datacapture/churn-2_a/", "suffix": ".jsonl"}),
        ("endpoint=churn/team a+b/", {"prefix": "endpoint%3Dchurn/team+a%2Bb/", "suffix": ".jsonl"}),
        ("größe/", {"prefix": "gr%C3%B6%C3%9Fe/", "suffix": ".jsonl"}),
    ],
)
def test_a_notification_has_the_encoded_prefix(prefix: str, rules: dict[str, str]) -> None:
    """S3 compares filters with encoded keys: a plain `=` would match no key."""
    assert Filter(prefix, ".jsonl", "r").notified == rules


def test_a_pattern_that_is_too_long_for_the_bus_is_split() -> None:
    """Each part has at most 2048 characters; together they match the same keys."""
    found = filters(
        parse_settings(configured(*((f"models/{i:03}/{'x' * 60}/", ".jsonl") for i in range(60)))), "captures"
    )
    made = patterns("captures", None, found)
    assert len(made) > 1
    assert all(len(json.dumps(pattern)) <= 2048 for pattern in made)
    keys = [matcher for pattern in made for matcher in pattern["detail"]["object"]["key"]]
    assert keys == [one.matcher for one in found]


def test_a_pattern_matches_new_objects_of_one_bucket() -> None:
    """For a bucket of another account it also matches that account."""
    (pattern,) = patterns("captures", "210987654321", [Filter("a/", ".jsonl", "r")])
    assert pattern == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "account": ["210987654321"],
        "detail": {"bucket": {"name": ["captures"]}, "object": {"key": [{"wildcard": "a/*.jsonl"}]}},
    }


def test_merged_filters_pass_the_keys_of_every_route() -> None:
    """Merging loses no capture, however the routes nest."""
    routes = [("", ".gz"), ("a/", ".jsonl"), ("a/b/", ".jsonl"), ("a/b/c/", ".jsonl.gz"), ("d/", ".jsonl")]
    found = filters(parse_settings(configured(*routes)), "captures")
    for prefix, suffix in routes:
        key = f"{prefix}endpoint/AllTraffic/2026/01/15/10/00-00-000-id{suffix}"
        assert any(fnmatch.fnmatchcase(key, str(one)) for one in found), key


def test_covering_prefixes_are_the_outermost_ones() -> None:
    """Permissions name each of them once, for any number of suffixes."""
    found = [Filter("a/", ".jsonl", "r"), Filter("a/b/", ".gz", "r"), Filter("b/", ".gz", "r")]
    assert covering_prefixes(found) == ("a/", "b/")
    assert covering_prefixes([*found, Filter("", ".json", "r")]) == ("",)
