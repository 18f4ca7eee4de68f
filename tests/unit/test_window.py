"""The hours that a backfill covers: in keys, in folders, and by the time of the last write."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from capture_ops.backfill.window import Window, captured_hour, is_hour

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
def test_the_hour_is_the_folder_of_the_file(key: str, hour: datetime | None) -> None:
    """Year, month, day and hour come right before the file's name and are a real date; else the key has no hour."""
    assert captured_hour(key) == hour


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        ("2026/01/31/21", False),
        ("2026/01/31/22", True),
        ("2026/02/01/00", True),
        ("2026/02/01/01", False),
        ("2025/01/31/22", False),
    ],
)
def test_the_key_decides_before_the_time_of_the_last_write(path: str, selected: bool) -> None:  # noqa: FBT001 - a table
    """A copy of an old capture that was written today is an old capture; `until` itself is outside."""
    assert WINDOW.holds(f"churn/AllTraffic/{path}/{NAME}", None) is selected
    assert WINDOW.holds(f"churn/AllTraffic/{path}/{NAME}", LONG_AGO if selected else SINCE) is selected


@pytest.mark.parametrize(
    ("modified", "selected"),
    [
        (SINCE - timedelta(seconds=1), False),
        (SINCE, True),
        (UNTIL - timedelta(seconds=1), True),
        (UNTIL, False),
    ],
)
def test_without_an_hour_the_last_write_decides(modified: datetime, selected: bool) -> None:  # noqa: FBT001 - a table
    """Objects that another tool filed have only that."""
    assert WINDOW.holds("transform/out.jsonl", modified) is selected


def test_an_object_without_any_time_is_selected() -> None:
    """Forwarding it once more is harmless."""
    assert WINDOW.holds("transform/out.jsonl.gz", None)


@pytest.mark.parametrize("key", ["churn/", "churn/manifest.json", "churn/data.csv", "churn/a.gz", "churn/ajsonl"])
def test_keys_with_other_suffixes_are_not_selected(key: str) -> None:
    """They are objects of other tools, or folders, whenever they were written."""
    named = Window(since=SINCE, until=UNTIL, suffixes=(".jsonl", ".jsonl.gz"))
    assert not named.holds(f"churn/AllTraffic/2026/01/31/22/{key}", SINCE)
    assert named.holds("churn/a.jsonl", SINCE)
    assert named.holds("churn/a.jsonl.gz", SINCE)
    assert not named.holds("churn/a.jsonl.gz", UNTIL)
    assert WINDOW.holds(key, SINCE)


def test_a_window_may_be_open() -> None:
    """Either side may be left out, or both."""
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
def test_a_window_has_whole_hours(moment: datetime) -> None:
    """A key names no minutes, so half an hour could not be compared with it."""
    with pytest.raises(ValueError, match="no whole hour in UTC"):
        Window(since=moment)
    with pytest.raises(ValueError, match="no whole hour in UTC"):
        Window(until=moment)


def test_whole_hours_of_other_zones_are_whole_hours() -> None:
    """Half past five in Kolkata is midnight in UTC."""
    assert Window(since=datetime(2026, 2, 1, 5, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))))


@pytest.mark.parametrize("until", [SINCE, SINCE - timedelta(hours=1)])
def test_a_window_that_ends_before_it_begins_is_refused(until: datetime) -> None:
    """One that ends where it begins selects no object either."""
    with pytest.raises(ValueError, match="selects no capture"):
        Window(since=SINCE, until=until)


@pytest.mark.parametrize(
    ("folder", "may_hold"),
    [
        ("churn/AllTraffic/2026/01/31/21/", False),
        ("churn/AllTraffic/2026/01/31/22/", True),
        ("churn/AllTraffic/2026/02/01/00/", True),
        ("churn/AllTraffic/2026/02/01/01/", False),
        ("churn/AllTraffic/2026/01/30/", False),
        ("churn/AllTraffic/2026/01/31/", True),
        ("churn/AllTraffic/2026/02/01/", True),
        ("churn/AllTraffic/2026/02/02/", False),
        ("churn/AllTraffic/2025/12/", False),
        ("churn/AllTraffic/2026/01/", True),
        ("churn/AllTraffic/2026/02/", True),
        ("churn/AllTraffic/2026/03/", False),
        ("2026/03/", False),
        ("churn/AllTraffic/2025/", True),
        ("2020/AllTraffic/", True),
        ("churn/2025/13/", True),
        ("churn/2025/02/30/", True),
        ("churn/9999/12/", True),
        ("churn/AllTraffic/2020/01/31/22/more/", True),
        ("churn/AllTraffic/2026/01/31/2", True),
        ("", True),
    ],
)
def test_folders_of_other_hours_hold_nothing(folder: str, may_hold: bool) -> None:  # noqa: FBT001 - a table
    """A month, a day or an hour outside the window is not listed; any other folder may hold selected objects."""
    assert WINDOW.may_hold(folder) is may_hold
    assert Window().may_hold(folder)


def test_a_folder_is_judged_by_each_open_side() -> None:
    """`since` alone leaves out earlier months, `until` alone later ones; December ends with the year."""
    assert not Window(since=datetime(2026, 1, 1, tzinfo=UTC)).may_hold("churn/2025/12/")
    assert Window(since=datetime(2025, 12, 31, 23, tzinfo=UTC)).may_hold("churn/2025/12/")
    assert not Window(until=datetime(2025, 12, 1, tzinfo=UTC)).may_hold("churn/2025/12/")
    assert Window(until=datetime(2025, 12, 1, 1, tzinfo=UTC)).may_hold("churn/2025/12/")


@pytest.mark.parametrize(
    ("folder", "hour"),
    [("a/2026/01/31/22/", True), ("2026/01/31/22/", True), ("a/2026/01/31/", False), ("a/2026/01/31/22/b/", False)],
)
def test_the_folder_of_an_hour_is_known_by_its_name(folder: str, hour: bool) -> None:  # noqa: FBT001 - a table
    """Year, month, day and hour at its end."""
    assert is_hour(folder) is hour
