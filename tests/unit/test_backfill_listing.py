"""The listing of a backfill, on a bucket in memory with small answers: every object once, in few calls."""

from datetime import UTC, datetime
from threading import Event, Lock
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.delivery import Unavailable
from capture_ops.backfill.listing import CALLS_AT_ONCE, list_pages
from capture_ops.backfill.selection import Selection
from capture_ops.backfill.window import Window

WRITTEN = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)


class Bucket:
    """Keys in memory, listed as S3 does: `page` keys and folders an answer, in order, with a token if there are more."""

    def __init__(self, keys: list[str], page: int) -> None:
        self.keys = sorted(set(keys))
        self.page = page
        self.calls: list[tuple[str, str]] = []
        self._lock = Lock()

    def list_objects_v2(self, **request: str) -> dict[str, Any]:
        """Return one answer."""
        assert request["Bucket"] == "captures"
        prefix, delimiter = request["Prefix"], request.get("Delimiter", "")
        with self._lock:
            self.calls.append((prefix, delimiter))
        below = {key[len(prefix) :]: key for key in self.keys if key.startswith(prefix)}
        found = dict.fromkeys(
            (prefix + name.partition("/")[0] + "/", True) if delimiter and "/" in name else (key, False)
            for name, key in below.items()
        )
        rest = [each for each in sorted(found) if each[0] > request.get("ContinuationToken", "")]
        some = rest[: self.page]
        answer: dict[str, Any] = {"CommonPrefixes": [{"Prefix": name} for name, folder in some if folder]}
        answer["Contents"] = [
            {"Key": name, "ETag": f'"{name}"', "Size": 7, "LastModified": WRITTEN}
            for name, folder in some
            if not folder
        ]
        more = {"NextContinuationToken": some[-1][0]} if len(rest) > len(some) else {}
        return {name: value for name, value in answer.items() if value} | more

    def listed(self, prefix: str = "", window: Window | None = None, stopped: Event | None = None) -> list[str]:
        """Return the keys that a backfill finds."""
        selection = Selection("captures", prefix, window or Window(), (prefix,))
        pages = list_pages(cast("Any", self), selection, stopped or Event())
        return [listed.source.key for page in pages for listed in page.selected]


FOLDERS = st.sampled_from(["churn", "2020", "AllTraffic", "2026", "01", "31", "22", "23", "more", "", "ü +%"])
KEYS = st.builds(
    lambda folders, name: "/".join([*folders, name]),
    st.lists(FOLDERS, max_size=8) | st.tuples(*map(st.just, ("churn", "a", "2026", "01", "31")), FOLDERS).map(list),
    st.sampled_from(["a.jsonl", "b.jsonl", "c.jsonl.gz", "d", ""]),
).filter(bool)


@given(
    st.lists(KEYS, max_size=60), st.integers(1, 9), st.sampled_from(["", "churn", "churn/", "churn/a/2026/01/31/22/"])
)
def test_every_object_below_the_prefix_is_found_exactly_once(keys: list[str], page: int, prefix: str) -> None:
    """At any depth, with an hour in its key or without, however small the answers of S3 are."""
    bucket = Bucket(keys, page)
    assert sorted(bucket.listed(prefix)) == [key for key in bucket.keys if key.startswith(prefix)]


@given(st.lists(KEYS, max_size=60), st.integers(1, 9))
def test_a_window_leaves_out_only_objects_in_folders_of_other_hours(keys: list[str], page: int) -> None:
    """Those it selects otherwise are found exactly once."""
    window = Window(since=datetime(2026, 1, 31, 22, tzinfo=UTC), until=datetime(2026, 1, 31, 23, tzinfo=UTC))
    bucket = Bucket(keys, page)
    found = bucket.listed(window=window)
    assert len(set(found)) == len(found)
    missed = {key for key in bucket.keys if window.holds(key, WRITTEN)} - set(found)
    assert set(found) <= set(bucket.keys)
    for key in missed:
        parents = [key[: place + 1] for place, character in enumerate(key) if character == "/"]
        assert not all(window.may_hold(parent) for parent in parents)


def hours(number: int) -> list[str]:
    """Return so many folders of consecutive hours from January 2026 on."""
    return [f"churn/AllTraffic/2026/{1 + n // 672:02}/{1 + n // 24 % 28:02}/{n % 24:02}/" for n in range(number)]


def test_few_objects_an_hour_cost_few_calls() -> None:
    """A month with fewer objects than an answer holds is listed by one call, not by one call an hour."""
    keys = [f"{hour}a.jsonl" for hour in hours(3 * 672)]
    bucket = Bucket(keys, page=1000)
    assert len(bucket.listed()) == len(keys)
    assert len(bucket.calls) <= 12


def test_many_objects_an_hour_are_listed_hour_by_hour() -> None:
    """Each hour by a call of its own, so that they run in parallel; a folder of an hour is not opened further."""
    keys = [f"{hour}{n}.jsonl" for hour in hours(48) for n in range(40)]
    bucket = Bucket(keys, page=50)
    assert len(bucket.listed()) == len(keys)
    assert {prefix for prefix, _ in bucket.calls} >= set(hours(48))
    assert len(bucket.calls) == 2 * 7 + 48  # twice each folder above the hours: a short look, then its subfolders


def test_folders_outside_the_window_are_not_listed() -> None:
    """Neither their objects nor their subfolders."""
    keys = [f"{hour}{n}.jsonl" for hour in hours(2 * 672) for n in range(3)]
    bucket = Bucket(keys, page=50)
    window = Window(since=datetime(2026, 2, 3, 4, tzinfo=UTC), until=datetime(2026, 2, 3, 6, tzinfo=UTC))
    found = bucket.listed(window=window)
    assert len(found) == 6
    assert all("/2026/02/03/04/" in key or "/2026/02/03/05/" in key for key in found)
    assert not [prefix for prefix, _ in bucket.calls if "/2026/01/" in prefix]
    assert len(bucket.calls) <= 16


def test_listing_waits_for_the_consumer() -> None:
    """No more calls are made than answers are taken, and those under way: the memory for a bucket is bounded."""
    bucket = Bucket([f"{hour}{n}.jsonl" for hour in hours(500) for n in range(30)], page=30)
    pages = list_pages(cast("Any", bucket), Selection("captures", "", Window(), ("",)), Event())
    for taken in range(1, 40):
        next(pages)
        assert len(bucket.calls) <= taken + 2 * CALLS_AT_ONCE
    pages.close()


def test_a_stopped_listing_ends() -> None:
    """Calls under way are finished, and no other is made."""
    bucket = Bucket([f"{hour}{n}.jsonl" for hour in hours(500) for n in range(30)], page=30)
    stopped = Event()
    pages = list_pages(cast("Any", bucket), Selection("captures", "", Window(), ("",)), stopped)
    next(pages)
    stopped.set()
    list(pages)
    assert len(bucket.calls) <= 2 * CALLS_AT_ONCE


def test_an_error_of_s3_says_what_to_check() -> None:
    """The bucket's name and the permission to list it."""

    class Denied:
        def list_objects_v2(self, **_: Any) -> Any:

            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "ListObjectsV2")

    selection = Selection("captures", "a/", Window(), ("a/",))
    with pytest.raises(Unavailable, match=r"s3://captures/a/: S3 answers AccessDenied; .*s3:ListBucket"):
        list(list_pages(cast("Any", Denied()), selection, Event()))
