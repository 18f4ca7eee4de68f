"""Backfills: what is asked for, what they would do, and what their outcome says."""

from collections import Counter
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from capture_forwarder.configuration.reader import parse_settings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ForwardTotals, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.route import Router
from capture_forwarder.domain.window import Window
from capture_ops.backfill.listing import Listed, Page
from capture_ops.backfill.outcome import Outcome
from capture_ops.backfill.report import print_outcome, print_plan
from capture_ops.backfill.selection import select
from capture_ops.terminal.errors import CommandError

BALANCED = ForwardTotals(
    objects=Counter({ObjectState.DONE: 2, ObjectState.DONE_BEFORE: 1}),
    outside=1,
    lines=LineCounts(3, 3),
    inferences=InferenceCounts(5, 4, 1),
)


@pytest.fixture
def settings() -> Settings:
    """Return routes of two buckets, one of them with a suffix of its own."""
    route = '[[route]]\nname = "{}"\nbucket = "{}"\nprefix = "{}"\ndestination = "d"\nmodel_id = "m"\n'
    destination = '[[destination]]\nname = "d"\nkind = "arthur"\nurl = "https://a.example"\nsecret = "ssm:/t"\n'
    routes = route.format("churn", "captures", "data/churn/") + route.format("fraud", "captures", "data/fraud/")
    return parse_settings(destination + routes + 'suffix = ".out"\n' + route.format("all", "others", ""))


def printed(console: Console) -> str:
    """Return what was printed, without the lines of tables."""
    return " ".join(console.export_text().replace("│", " ").split())


@pytest.fixture
def console() -> Console:
    """Return a console that remembers."""
    return Console(record=True, width=160, file=StringIO())


def test_what_is_asked_for(settings: Settings) -> None:
    """Bucket, prefix, whole hours in UTC, and the suffixes of the bucket's routes, compressed or not."""
    found = select("s3://captures/data/churn/AllTraffic/", "2026-01-31", "2026-02-01T05", settings)
    assert (found.bucket, found.prefix, found.uri) == (
        "captures",
        "data/churn/AllTraffic/",
        "s3://captures/data/churn/AllTraffic/",
    )
    assert found.window == Window(
        since=datetime(2026, 1, 31, tzinfo=UTC),
        until=datetime(2026, 2, 1, 5, tzinfo=UTC),
        suffixes=(".jsonl", ".jsonl.gz", ".out", ".out.gz"),
    )


@pytest.mark.parametrize("target", ["s3://captures", "s3://captures/", "s3://captures/data/", "s3://others/any/where/"])
def test_a_prefix_above_or_below_a_route_will_do(settings: Settings, target: str) -> None:
    """Whatever some route covers a part of."""
    assert select(target, None, None, settings).window.since is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T22", datetime(2026, 1, 31, 22, tzinfo=UTC)),
        ("2026-01-31T22:00Z", datetime(2026, 1, 31, 22, tzinfo=UTC)),
        ("2026-01-31T22:00+02:00", datetime(2026, 1, 31, 20, tzinfo=UTC)),
    ],
)
def test_hours_may_be_written_in_full(settings: Settings, text: str, moment: datetime) -> None:
    """As ISO 8601 has them, with another zone if it is said."""
    assert select("s3://captures/", text, None, settings).window.since == moment


@pytest.mark.parametrize(
    ("target", "since", "until", "problems"),
    [
        ("captures/data/", "monday", None, ["s3://bucket/prefix/", "--since monday"]),
        ("s3:///data/", None, "1700000000", ["names no bucket", "--until 1700000000"]),
        ("s3://captures/logs/", None, None, ["routes cover s3://captures/data/churn/, s3://captures/data/fraud/, s3://others/"]),
        ("s3://nobodys/", "2026-02-01", "2026-01-01", ["no route covers", "no capture is meant"]),
        ("s3://captures/", "2026-01-31T22:30", None, ["no whole hour in UTC"]),
    ],
)  # fmt: skip
def test_every_problem_is_told_at_once(
    settings: Settings, target: str, since: str | None, until: str | None, problems: list[str]
) -> None:
    """With what to write instead."""
    with pytest.raises(CommandError) as caught:
        select(target, since, until, settings)
    assert len(str(caught.value).splitlines()) == len(problems)
    for problem in problems:
        assert problem in str(caught.value)


def test_the_plan_counts_by_route(settings: Settings, console: Console) -> None:
    """Objects, bytes, and hours from the first to the last; what no route covers has a row of its own."""
    written = datetime(2026, 5, 6, 7, 8, tzinfo=UTC)
    keys = {
        "data/churn/AllTraffic/2026/01/31/22/a.jsonl": 100,
        "data/churn/AllTraffic/2026/02/01/03/b.jsonl": 50,
        "data/fraud/c.out": 7,
        "data/else.jsonl": 1,
    }
    listed = [Listed(CaptureObject("captures", key, "e", size=size), written) for key, size in keys.items()]
    print_plan([Page(listed[:3], 2), Page(listed[3:], 1)], Router(settings.routes), console)
    text = printed(console)
    assert "churn 2 150 2026-01-31T22 2026-02-01T03" in text
    assert "fraud 1 7 2026-05-06T07 2026-05-06T07" in text
    assert "no route 1 1" in text
    assert "3 objects are outside" in text


def test_the_outcome_shows_both_ledgers(console: Console) -> None:
    """Objects by what became of them, lines, inferences; all is well, so nothing more is said."""
    outcome = Outcome(totals=BALANCED, listed=4)
    print_outcome(outcome, console)
    text = printed(console)
    assert "objects 4 listed 2 done, 1 done before, 1 outside" in text
    assert "lines 3 read 3 decoded, 0 rejected, 0 skipped" in text
    assert "inferences 5 made 4 accepted, 1 duplicate, 0 rejected, 0 pending" in text
    assert "Run it again" not in text
    assert outcome.complete


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome(totals=BALANCED, listed=9), "5 not forwarded"),
        (Outcome(totals=BALANCED, listed=4, failure="It was interrupted."), "It was interrupted."),
        (Outcome(totals=BALANCED + ForwardTotals(incomplete=1), listed=4), "Run it again"),
        (Outcome(totals=BALANCED + ForwardTotals(inferences=InferenceCounts(1, pending=1)), listed=4), "1 pending"),
        (Outcome(totals=BALANCED + ForwardTotals(lines=LineCounts(1)), listed=4), "books do not balance"),
        (
            Outcome(totals=BALANCED + ForwardTotals(objects=Counter({ObjectState.REQUEUED: 1})), listed=5),
            "queue carries on with 1 objects",
        ),
        (Outcome(totals=ForwardTotals(incomplete=3), listed=3, left=Counter({"why\x1b[2J not": 3})), "3 'why\\x1b[2J not'"),
    ],
    ids=["untold", "ended early", "unsettled", "pending", "unbalanced", "handed over", "left"],
)  # fmt: skip
def test_what_is_owed_is_told(outcome: Outcome, told: str, console: Console) -> None:
    """Each of these alone means that it is not done, and says what to do."""
    assert not outcome.complete
    print_outcome(outcome, console)
    text = printed(console)
    assert told in text
    assert "Run it again" in text


def test_an_empty_prefix_is_told(console: Console) -> None:
    """It is no error, and hardly what was meant."""
    print_outcome(Outcome(), console)
    assert "nothing below that prefix" in printed(console)
    assert Outcome().complete


def test_reasons_without_end_are_cut(console: Console) -> None:
    """The most frequent ones are shown, and how many there are beside them."""
    print_outcome(
        Outcome(listed=300, left=Counter({f"reason {number:03}": number for number in range(1, 25)})), console
    )
    text = printed(console)
    assert "24 reason 024" in text
    assert "reason 004" not in text
    assert "and 4 reasons more" in text


def test_rejections_are_told_by_code(console: Console) -> None:
    """As a deployed function answers them: names of codes, some of which this version may not know."""
    lines = LineCounts(3, 1, Counter({RejectionCode.LINE_NOT_JSON: 2}))
    print_outcome(Outcome(totals=ForwardTotals(lines=lines)), console)
    assert "3 read 1 decoded, 2 rejected (line_not_json 2), 0 skipped" in printed(console)
