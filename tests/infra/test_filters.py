"""Filters of keys: some are merged, some stay separate, and S3 would refuse some."""

import fnmatch
import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.configuration.filters import (
    Filter,
    event_pattern,
    filters,
    fitting,
    outermost,
    problems,
    rule_prefixes,
)
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


def test_a_pattern_matches_new_objects_of_one_bucket() -> None:
    """For a bucket of another account it also matches that account. Prefixes are literal: `*` is no wildcard."""
    assert event_pattern("captures", "210987654321", ["a/", "odd*name/"]) == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "account": ["210987654321"],
        "detail": {"bucket": {"name": ["captures"]}, "object": {"key": [{"prefix": "a/"}, {"prefix": "odd*name/"}]}},
    }


def test_a_pattern_of_the_whole_bucket_names_no_keys() -> None:
    """The empty prefix contains every key."""
    assert event_pattern("captures", None, [""])["detail"] == {"bucket": {"name": ["captures"]}}


def test_a_pattern_that_is_too_long_gets_wider_prefixes() -> None:
    """It has at most 2048 characters. As many prefixes as fit stay as they are."""
    routes = [(f"models/team-{index % 5}/{index:03}/", ".jsonl") for index in range(200)]
    settings = parse_settings(configured(*routes, bucket='trigger = "eventbridge"'))
    found = rule_prefixes(settings, settings.buckets["captures"])
    assert found[:40] == tuple(f"models/team-0/{index:03}/" for index in range(0, 200, 5))
    assert found[40:] == tuple(f"models/team-{index}/" for index in range(1, 5))
    assert len(json.dumps(event_pattern("captures", None, found))) <= 2048


def test_a_long_prefix_is_widened_alone() -> None:
    """A character outside ASCII counts six times."""
    settings = parse_settings(configured((f"a/{'ö' * 400}/b/", ".jsonl"), bucket='trigger = "eventbridge"'))
    assert rule_prefixes(settings, settings.buckets["captures"]) == ("a/",)


# Folders, the most that fit, and the result.
FITTING = {
    "they fit": (["b/x/1/", "b/x/2/"], 2, ["b/x/1/", "b/x/2/"]),
    "one inside another": (["b/x/", "b/x/1/"], 1, ["b/x/"]),
    "a common parent": (["b/x/1/", "b/x/2/", "b/y/"], 2, ["b/x/", "b/y/"]),
    "the deepest parent first": (["b/x/y/1/", "b/x/y/2/", "b/z/1/", "b/z/2/", "b/z/3/"], 4, ["b/x/y/", "b/z/1/", "b/z/2/", "b/z/3/"]),
    "the largest family first": (["b/x/1/", "b/x/2/", "b/y/1/", "b/y/2/", "b/y/3/"], 3, ["b/x/1/", "b/x/2/", "b/y/"]),
    "the whole bucket": (["b/1/", "b/2/"], 1, ["b/"]),
    "no common parent": (["b/x/1/", "c/x/1/"], 1, ["b/", "c/"]),
    "nothing fits": (["b/1/", "c/2/"], 0, ["b/", "c/"]),
}  # fmt: skip


@pytest.mark.parametrize(("folders", "most", "expected"), FITTING.values(), ids=FITTING)
def test_folders_are_widened_no_further_than_they_must(folders: list[str], most: int, expected: list[str]) -> None:
    """And never above their bucket."""
    assert list(fitting(folders, lambda found: len(found) <= most)) == expected


FOLDERS = st.lists(
    st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(lambda parts: "b/" + "/".join([*parts, ""]))
)


@given(FOLDERS, st.integers(0, 6), st.randoms())
def test_widened_folders_contain_all_in_any_order(folders: list[str], most: int, random: Random) -> None:
    """Every folder is in exactly one of the result, however they are ordered."""
    found = fitting(folders, lambda some: len(some) <= most)
    for folder in folders:
        assert len([one for one in found if folder.startswith(one)]) == 1
    random.shuffle(folders)
    assert fitting(folders, lambda some: len(some) <= most) == found


def test_merged_filters_pass_the_keys_of_every_route() -> None:
    """Merging loses no capture, however the routes nest."""
    routes = [("", ".gz"), ("a/", ".jsonl"), ("a/b/", ".jsonl"), ("a/b/c/", ".jsonl.gz"), ("d/", ".jsonl")]
    found = filters(parse_settings(configured(*routes)), "captures")
    for prefix, suffix in routes:
        key = f"{prefix}endpoint/AllTraffic/2026/01/15/10/00-00-000-id{suffix}"
        assert any(fnmatch.fnmatchcase(key, str(one)) for one in found), key


def test_outermost_prefixes_contain_the_others() -> None:
    """Permissions name each of them once."""
    assert outermost(["a/", "b/", "a/b/", "a/"]) == ("a/", "b/")
    assert outermost(["a/", "", "b/"]) == ("",)
