"""Backfills: the call, the plan, the messages, and the outcome of the local form."""

from collections import Counter
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from capture_forwarder.aws.envelopes import open_message
from capture_forwarder.configuration.reader import parse_settings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.route import Router
from capture_ops.backfill.command import Options
from capture_ops.backfill.listing import Listed, Page
from capture_ops.backfill.local import Outcome
from capture_ops.backfill.messages import MAX_BYTES, MAX_OBJECTS, pack
from capture_ops.backfill.report import Counts, print_outcome, print_plan, print_sent
from capture_ops.backfill.selection import select
from capture_ops.backfill.window import Window
from capture_ops.terminal.errors import CommandError


@pytest.fixture
def settings() -> Settings:
    """Return routes of two buckets, one of them with a suffix of its own."""
    route = '[[route]]\nname = "{}"\nbucket = "{}"\nprefix = "{}"\ndestination = "d"\nmodel_id = "m"\n'
    destination = '[[destination]]\nname = "d"\nkind = "arthur"\nurl = "https://a.example"\nsecret = "ssm:/t"\n'
    routes = route.format("churn", "captures", "data/churn/") + route.format("fraud", "captures", "data/fraud/")
    return parse_settings(destination + routes + 'suffix = ".out"\n' + route.format("all", "others", ""))


def printed(console: Console) -> str:
    """Return the printed text, without the lines of tables."""
    return " ".join(console.export_text().replace("│", " ").split())


@pytest.fixture
def console() -> Console:
    """Return a console that remembers."""
    return Console(record=True, width=160, file=StringIO())


def test_a_selection_has_prefix_hours_and_suffixes(settings: Settings) -> None:
    """Hours are whole and in UTC; the suffixes are those of the bucket's routes."""
    found = select("s3://captures/data/churn/AllTraffic/", "2026-01-31", "2026-02-01T05", settings)
    assert (found.bucket, found.prefix, found.uri) == (
        "captures",
        "data/churn/AllTraffic/",
        "s3://captures/data/churn/AllTraffic/",
    )
    assert found.window == Window(
        since=datetime(2026, 1, 31, tzinfo=UTC),
        until=datetime(2026, 2, 1, 5, tzinfo=UTC),
        suffixes=(".jsonl", ".out"),
    )


@pytest.mark.parametrize("target", ["s3://captures", "s3://captures/", "s3://captures/data/", "s3://others/any/where/"])
def test_a_prefix_may_lie_above_or_below_a_route(settings: Settings, target: str) -> None:
    """Some route must cover a part of it."""
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
    """They are ISO 8601, in UTC unless they name another zone."""
    assert select("s3://captures/", text, None, settings).window.since == moment


@pytest.mark.parametrize(
    ("target", "since", "until", "problems"),
    [
        ("captures/data/", "monday", None, ["s3://bucket/prefix/", "--since monday"]),
        ("s3:///data/", None, "1700000000", ["names no bucket", "--until 1700000000"]),
        ("s3://captures/logs/", None, None, ["routes cover s3://captures/data/churn/, s3://captures/data/fraud/, s3://others/"]),
        ("s3://nobodys/", "2026-02-01", "2026-01-01", ["no route covers", "it selects no capture"]),
        ("s3://captures/", "2026-01-31T22:30", None, ["no whole hour in UTC"]),
    ],
)  # fmt: skip
def test_every_problem_is_reported_at_once(
    settings: Settings, target: str, since: str | None, until: str | None, problems: list[str]
) -> None:
    """Each problem has its correction, and those of other options come first."""
    with pytest.raises(CommandError) as caught:
        select(target, since, until, settings, ["--wait goes with the queue"])
    assert len(str(caught.value).splitlines()) == len(problems) + 1
    for problem in problems:
        assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        (Options(), []),
        (Options(wait=True, wait_limit_secs=5), []),
        (Options(local=True, threads=3), []),
        (Options(local=True, wait=True), ["--wait"]),
        (Options(threads=3, wait_limit_secs=5), ["--threads", "--wait-limit-secs"]),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: Options, problems: list[str]) -> None:
    """Each is named."""
    assert [problem.split()[0] for problem in options.problems()] == problems


def test_the_plan_counts_by_route(settings: Settings, console: Console) -> None:
    """Objects, bytes, first and last hour; objects without a route have a row of their own."""
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
    assert "3 of the listed objects are outside" in text


@given(
    st.lists(
        st.builds(
            CaptureObject,
            st.just("captures"),
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80),
            etag=st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
            size=st.none() | st.integers(0, 2**40),
        ),
        max_size=130,
    )
)
def test_messages_name_every_object_once_in_order(sources: list[CaptureObject]) -> None:
    """Opened as the function opens them they are the same objects, at most 50 a message, in characters SQS takes."""
    messages = list(pack(sources))
    assert [work.source for each in messages for work in open_message(each.body).works] == sources
    assert all(work.backfill for each in messages for work in open_message(each.body).works)
    assert [each.objects for each in messages] == [len(open_message(each.body).works) for each in messages]
    assert all(each.objects <= MAX_OBJECTS for each in messages)
    assert len(messages) == -(-len(sources) // MAX_OBJECTS)
    assert all(each.body.isascii() and each.body.isprintable() for each in messages)


@pytest.mark.parametrize("character", ["a", "ü", "€", "😀", "\x01", '"', "\ufffe"])
def test_ten_messages_of_the_longest_keys_fit_into_a_call(character: str) -> None:
    """A key has up to 1,024 bytes, and up to six times as many in JSON; a call takes 256 KiB."""
    key = character * (1024 // len(character.encode()))
    sources = [CaptureObject("b" * 63, key, etag="e" * 40, size=2**40) for _ in range(120)]
    messages = list(pack(sources))
    assert sum(each.objects for each in messages) == 120
    assert max(len(each.body) for each in messages) <= MAX_BYTES + 20
    assert 10 * max(len(each.body) for each in messages) < 256 * 1024


BALANCED = Outcome(
    objects=Counter({ObjectState.DONE: 2, ObjectState.DONE_BEFORE: 1}),
    lines=LineCounts(3, 3),
    inferences=InferenceCounts(5, 4, 1),
)


def test_the_outcome_shows_lines_and_inferences(console: Console) -> None:
    """Objects by state, lines, inferences; everything is complete, so there is no advice."""
    print_outcome(BALANCED, Counts(listed=4, outside=1), console)
    text = printed(console)
    assert "objects 4 listed 2 done, 1 done before, 1 outside" in text
    assert "lines 3 read 3 decoded, 0 rejected, 0 skipped" in text
    assert "inferences 5 made 4 accepted, 1 duplicate, 0 rejected, 0 pending" in text
    assert "Run the command again" not in text
    assert BALANCED.complete


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        (Outcome(failure="It was interrupted."), "It was interrupted."),
        (Outcome(failure="It was interrupted."), "9 not forwarded"),
        (Outcome(unfinished=Counter({"the platform is down": 2})), "2 the platform is down"),
        (Outcome(lines=LineCounts(1)), "counts do not add up"),
        (Outcome(inferences=InferenceCounts(1)), "counts do not add up"),
        (Outcome(unfinished=Counter({"why\x1b[2J not": 3})), "3 why\\x1b[2J not"),
    ],
    ids=["ended early", "not forwarded", "unfinished", "lines unbalanced", "inferences unbalanced", "escape codes"],
)
def test_an_incomplete_outcome_says_what_to_do(outcome: Outcome, shown: str, console: Console) -> None:
    """Each of these alone means that the run is not complete."""
    assert not outcome.complete
    print_outcome(outcome, Counts(listed=9), console)
    text = printed(console)
    assert shown in text
    assert "Run the command again" in text


def test_reports_of_a_batch_are_added_up() -> None:
    """A pending object is unfinished with its reason; a batch without an accepted message ends the run."""
    source = CaptureObject("b", "k")
    done = ForwardReport(source=source, state=ObjectState.DONE, inferences=InferenceCounts(2, 1, 1))
    pending = ForwardReport(
        source=source, state=ObjectState.PENDING, inferences=InferenceCounts(1, pending=1), why="it is down"
    )
    without = ForwardReport(source=source, state=ObjectState.DONE, unquarantined=1)
    outcome = Outcome()
    outcome.add([done, pending, without])
    assert outcome.objects == {ObjectState.DONE: 2, ObjectState.PENDING: 1}
    assert outcome.unfinished.pop("it is down") == 1
    assert list(outcome.unfinished.values()) == [1]
    assert outcome.inferences == InferenceCounts(3, 1, 1, pending=1)
    assert outcome.failure is None
    outcome.add([pending, done.__class__(source=source, state=ObjectState.DONE_BEFORE)])
    assert "It was stopped" in str(outcome.failure)


@pytest.mark.parametrize("state", [ObjectState.PENDING, ObjectState.FAILED])
def test_a_batch_without_a_finished_object_ends_the_run(state: ObjectState) -> None:
    """The destination, or the table, is not there."""
    outcome = Outcome()
    outcome.add([ForwardReport(source=CaptureObject("b", "k"), state=state, why="the table is gone")])
    assert "It was stopped" in str(outcome.failure)
    assert not outcome.complete


def test_an_empty_prefix_is_reported(console: Console) -> None:
    """It is no error, and hardly intended."""
    print_outcome(Outcome(), Counts(), console)
    assert "nothing below that prefix" in printed(console)
    assert Outcome().complete
    print_sent(Counts(), console, interrupted=False)
    assert "nothing below that prefix" in printed(console)


def test_only_the_most_frequent_reasons_are_shown(console: Console) -> None:
    """With the number of the others."""
    reasons = Counter({f"reason {number:03}": number for number in range(1, 25)})
    print_outcome(Outcome(unfinished=reasons), Counts(listed=300), console)
    text = printed(console)
    assert "24 reason 024" in text
    assert "reason 004" not in text
    assert "and 4 reasons more" in text


def test_rejections_are_counted_by_code(console: Console) -> None:
    """The table names each code."""
    lines = LineCounts(3, 1, Counter({RejectionCode.LINE_NOT_JSON: 2}))
    print_outcome(Outcome(lines=lines), Counts(), console)
    assert "3 read 1 decoded, 2 rejected (line_not_json 2), 0 skipped" in printed(console)


def test_the_sent_objects_are_counted(console: Console) -> None:
    """With those that were not sent, and the reason."""
    print_sent(Counts(listed=10, outside=2, unrouted=1, sent=7, messages=1), console, interrupted=True)
    text = printed(console)
    assert "objects 10 listed 7 sent, 2 outside, 1 without a route" in text
    assert "messages 1 sent" in text
    assert "run the command again" in text
    assert Counts(listed=10, outside=2, unrouted=1).selected == 7
