"""Which captures a backfill means: by the hour in the key, else by the time of the last write."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from capture_forwarder.domain.window import Window, captured_hour

NAME = "31-04-000-87947a31-1816-44f3-b1a3-9781488009a0.jsonl"
SINCE = datetime(2026, 1, 31, 22, tzinfo=UTC)
UNTIL = datetime(2026, 2, 1, 1, tzinfo=UTC)
WINDOW = Window(since=SINCE, until=UNTIL)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "hour"),
    [
        (f"datacapture/churn/AllTraffic/2026/01/31/22/{NAME}", datetime(2026, 1, 31, 22, tzinfo=UTC)),
        (f"a/2020/05/06/07/b/2026/01/31/00/{NAME}", datetime(2026, 1, 31, tzinfo=UTC)),
        (f"churn/2026/01/31/{NAME}", None),
        (f"churn/2026/01/31/22/more/{NAME}", None),
        (f"churn/2026/02/30/22/{NAME}", None),
        (f"churn/2026/01/31/24/{NAME}", None),
        (f"churn/0000/01/31/22/{NAME}", None),
        (f"churn/12026/01/31/22/{NAME}", None),
        (f"churn/２０２６/01/31/22/{NAME}", None),
        ("churn/2026/01/31/22/", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_hour_stands_at_the_end_of_the_key(key: str, hour: datetime | None) -> None:
    """Year, month, day and hour right before the file's name, and a date that there is; else the key tells nothing."""
    assert captured_hour(key) == hour


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("2026/01/31/21", False),
        ("2026/01/31/22", True),
        ("2026/02/01/00", True),
        ("2026/02/01/01", False),
        ("2025/01/31/22", False),
    ],
)
def test_the_key_decides_before_the_time_of_the_last_write(path: str, meant: bool) -> None:  # noqa: FBT001 - a table
    """A copy of an old capture was written today and is an old capture still; `until` itself is left out."""
    assert WINDOW.holds(f"churn/AllTraffic/{path}/{NAME}", None) is meant
    assert WINDOW.holds(f"churn/AllTraffic/{path}/{NAME}", LONG_AGO if meant else SINCE) is meant


@pytest.mark.parametrize(
    ("modified", "meant"),
    [
        (SINCE - timedelta(seconds=1), False),
        (SINCE, True),
        (UNTIL - timedelta(seconds=1), True),
        (UNTIL, False),
    ],
)
def test_without_an_hour_the_last_write_decides(modified: datetime, meant: bool) -> None:  # noqa: FBT001 - a table
    """Objects that somebody else filed have that and nothing else."""
    assert WINDOW.holds("transform/out.jsonl", modified) is meant


def test_what_tells_no_time_is_meant() -> None:
    """To forward it once more changes nothing."""
    assert WINDOW.holds("transform/out.jsonl.gz", None)


@pytest.mark.parametrize("key", ["churn/", "churn/manifest.json", "churn/data.csv", "churn/a.gz", "churn/ajsonl"])
def test_what_no_event_would_come_of_is_not_meant(key: str) -> None:
    """Other suffixes are somebody else's objects, or folders, whenever they were written."""
    named = Window(since=SINCE, until=UNTIL, suffixes=(".jsonl", ".jsonl.gz"))
    assert not named.holds(f"churn/AllTraffic/2026/01/31/22/{key}", SINCE)
    assert named.holds("churn/a.jsonl", SINCE)
    assert named.holds("churn/a.jsonl.gz", SINCE)
    assert not named.holds("churn/a.jsonl.gz", UNTIL)
    assert WINDOW.holds(key, SINCE)


def test_a_window_may_be_open() -> None:
    """At either side, or at both."""
    assert Window().holds("k.jsonl", LONG_AGO)
    assert Window(until=UNTIL).holds("k.jsonl", LONG_AGO)
    assert not Window(until=UNTIL).holds("k.jsonl", UNTIL)
    assert Window(since=SINCE).holds("k.jsonl", UNTIL)
    assert not Window(since=SINCE).holds("k.jsonl", LONG_AGO)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 31, 22),  # noqa: DTZ001 - no time zone is the point
        datetime(2026, 1, 31, 22, 30, tzinfo=UTC),
        datetime(2026, 1, 31, 22, 0, 1, tzinfo=UTC),
        datetime(2026, 1, 31, 22, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_an_hour_cannot_be_cut(moment: datetime) -> None:
    """Half an hour would leave out, or take in, what nobody could see from the key."""
    with pytest.raises(ValueError, match="no whole hour in UTC"):
        Window(since=moment)
    with pytest.raises(ValueError, match="no whole hour in UTC"):
        Window(until=moment)


def test_whole_hours_of_other_zones_are_whole_hours() -> None:
    """Half past five in Kolkata is midnight in UTC."""
    assert Window(since=datetime(2026, 2, 1, 5, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))))


@pytest.mark.parametrize("until", [SINCE, SINCE - timedelta(hours=1)])
def test_a_window_holds_something(until: datetime) -> None:
    """One that ends before it begins, or where it begins, is a slip of the pen."""
    with pytest.raises(ValueError, match="no capture is meant"):
        Window(since=SINCE, until=until)
