"""Every table of every command can be read at any width: no line is too long, and no cell is cut or empty."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from capture_forwarder.configuration.reader import parse_settings
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import RejectionCode, SkipReason
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.route import Router
from capture_ops.backfill import report as backfill
from capture_ops.backfill.listing import Listed, Page
from capture_ops.backfill.local import Outcome
from capture_ops.backfill.waiting import Waiting
from capture_ops.commands.invoke import print_reports
from capture_ops.replay import report as replay
from capture_ops.replay.plan import NO_ROUTE, Part, Step
from capture_ops.terminal.tables import Table, record
from capture_ops.terminal.text import printable

WIDTHS = (20, 60, 80, 100, 120, 160, 200, 240)
KEY = "datacapture/churn-production-blue/AllTraffic/2026/01/15/10/00-01-691-903d3150-15ef-4a3b-8a2b-594de34e614f.jsonl"
STRANGE = (
    "datacapture/größe 100%/日本語のとても長いエンドポイント/2026/01/15/10/\x1b[31mred\nline-80-594de34e614f.jsonl"
)
WHY = "HTTP 503 from https://arthur.example.com/api/v3/models/5b1ad0e0-2f9c-4d43-8a53-6f7b1d7a1f11/inferences after 8 tries"
LINES = LineCounts(
    123_456,
    123_450,
    Counter({RejectionCode.VALUE_COUNT_MISMATCH: 2, RejectionCode.UNKNOWN_CONTENT_TYPE: 1}),
    Counter({SkipReason.GROUND_TRUTH: 2, SkipReason.BLANK_LINE: 1}),
)
INFERENCES = InferenceCounts(999_999, 900_000, 99_990, Counter({RejectionCode.REFUSED_BY_DESTINATION: 4}), 5)
REJECTED = ["refused_by_destination 4", "unknown_content_type 1", "value_count_mismatch 2"]
SKIPPED = ["blank_line 1", "ground_truth 2"]


def reports(console: Console) -> None:
    states = ((KEY, ObjectState.DONE, None), (STRANGE, ObjectState.PENDING, WHY))
    print_reports(
        [
            ForwardReport(
                source=CaptureObject("b", key), state=state, lines=LINES, inferences=INFERENCES, arrived=True, why=why
            )
            for key, state, why in states
        ],
        console,
    )


def backfill_plan(console: Console) -> None:
    destination = '[[destination]]\nname = "d"\nkind = "arthur"\nurl = "https://a.example"\nsecret = "ssm:/t"\n'
    route = '[[route]]\nname = "churn-production-blue-eu-west-1"\nbucket = "captures"\nprefix = "datacapture/"\n'
    settings = parse_settings(destination + route + 'destination = "d"\nmodel_id = "m"\n')
    listed = [
        Listed(CaptureObject("captures", key, size=2**50), datetime(2026, 1, 2, tzinfo=UTC)) for key in (KEY, "x")
    ]
    backfill.print_plan([Page(listed, 3)], Router(settings.routes), console)


def sent(console: Console) -> None:
    counts = backfill.Counts(listed=1_234_567, outside=1_000, unrouted=17, sent=1_233_550, messages=24_671)
    backfill.print_sent(counts, console, interrupted=True)


class _NoItems:
    def load(self, sources: object) -> dict[str, ProgressRecord]:
        return {}


def waited(console: Console) -> None:
    waiting = Waiting(_NoItems())
    waiting.done, waiting.accepted, waiting.rejected, waiting.pending = 1_000_000, 98_765_432, 1_234, 56
    backfill.print_waited(waiting, 0, console)


def outcome(console: Console) -> None:
    objects = Counter({ObjectState.DONE: 1_000_000, ObjectState.DONE_BEFORE: 12_345, ObjectState.PENDING: 17})
    found = Outcome(objects=objects, lines=LINES, inferences=INFERENCES, unfinished=Counter({WHY: 17}))
    backfill.print_outcome(found, backfill.Counts(listed=2_000_000, outside=1, unrouted=2), console)


FILE = f"quarantine/route=churn-production-blue/date=2026-01-15/{KEY.replace('/', '%2F')}-0-0f3a.jsonl.gz"


def replay_plan(console: Console) -> None:
    part = Part("row_count_mismatch, unknown_content_type", NO_ROUTE)
    replay.print_plan(
        [Step(FILE, "churn-production-blue-eu-west-1", objects=False, parts=Counter({part: 123_456}))], console
    )


def replayed(console: Console) -> None:
    report = replay.ReplayReport()
    report.lines, report.inferences = LINES, INFERENCES
    report.leave(17, f"still pending: {WHY}")
    replay.print_report(report, console)


CASES: dict[Callable[[Console], None], list[str]] = {
    reports: ["done", f"pending: {WHY}", "123456", "999999", "900000", "99990", "5", *REJECTED, *SKIPPED],
    backfill_plan: ["churn-production-blue-eu-west-1", "no route", str(2**50), "2026-01-15T10", "2026-01-02T00"],
    sent: ["1234567 listed", "1233550 sent", "17 without a route", "24671 sent"],
    waited: ["1000000 done", "98765432 accepted or duplicate", "1234 rejected"],
    outcome: ["123456 read", "999999 made", "900000 accepted, 99990 duplicate", *REJECTED, *SKIPPED, WHY, "17 pending"],
    replay_plan: ["churn-production-blue-eu-west-1", "row_count_mismatch, unknown_content_type", "123456", NO_ROUTE],
    replayed: ["17 selected", "900000 accepted, 99990 duplicate", *REJECTED, f"still pending: {WHY}"],
}


def printed(print_to: Callable[[Console], None], width: int) -> list[str]:
    """Return the lines of a table as a terminal of that width shows them."""
    console = Console(file=StringIO(), width=width)
    print_to(console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def columns_of(lines: list[str]) -> list[str]:
    """Return the text of each column from top to bottom, without spaces; a record is one column."""
    columns: dict[int, str] = {}
    for line in lines:
        cells = line.replace("┃", "│").strip("│").split("│")
        for at, cell in enumerate(cells):
            columns[at] = columns.get(at, "") + "".join(cell.split())
    return list(columns.values())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("print_to", CASES)
def test_every_cell_is_whole_at_every_width(print_to: Callable[[Console], None], width: int) -> None:
    """A cell may be folded, and is then complete in its column. No column is empty."""
    lines = printed(print_to, width)
    columns = columns_of(lines)
    assert all(columns)
    for cell in CASES[print_to]:
        assert any("".join(cell.split()) in column for column in columns), cell


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("print_to", CASES)
def test_no_line_of_a_table_is_longer_than_the_terminal(print_to: Callable[[Console], None], width: int) -> None:
    """A terminal would wrap it in the middle of a cell. Sentences after a table are wrapped by the terminal."""
    for line in printed(print_to, width):
        if line.startswith((" ", "│", "┃", "┏", "└", "datacapture", "quarantine")):
            assert Console().measure(line).maximum <= width


@pytest.mark.parametrize(("width", "shown"), [(200, ".."), (60, "jsonl")])
@pytest.mark.parametrize("key", [KEY, STRANGE])
def test_a_key_has_its_end_in_a_row_and_is_whole_in_a_record(width: int, shown: str, key: str) -> None:
    """The end tells files apart. Control characters are escaped."""
    lines = printed(reports, width)
    (keys, *others) = columns_of(lines)
    assert shown in keys
    assert key[-14:] in keys
    assert bool(others) or "".join(printable(key).split()) in keys
    assert "\x1b" not in "".join(lines)


def test_a_row_lists_what_is_not_usual_only_where_it_happened() -> None:
    """The columns of duplicate, rejected, skipped and pending appear if a report has them."""
    usual = ForwardReport(
        source=CaptureObject("b", "k"), state=ObjectState.DONE, lines=LineCounts(2, 2), inferences=InferenceCounts(3, 3)
    )
    (heading,) = (line for line in printed(lambda console: print_reports([usual], console), 160) if "┃" in line)
    assert heading.replace("┃", " ").split() == ["object", "state", "lines", "inferences", "accepted"]


@pytest.mark.parametrize("width", WIDTHS)
def test_duplicates_are_not_counted_as_accepted(width: int) -> None:
    """The numbers are those of the equation: made = accepted + duplicate + rejected + pending."""
    repeated = ForwardReport(
        source=CaptureObject("b", "k"),
        state=ObjectState.DONE,
        lines=LineCounts(5, 5),
        inferences=InferenceCounts(12, 0, 12),
    )
    text = " ".join(printed(lambda console: print_reports([repeated], console), width))
    numbers = [word for word in text.replace("│", " ").split() if word.isdecimal()]
    assert numbers == ["5", "12", "0", "12"]


def test_a_record_shares_lines_and_leaves_empty_values_out() -> None:
    """A value that is too long is folded below its beginning."""
    pairs = [("a", "1"), ("b", ""), ("c", "2"), ("d", "three four"), ("e", "x" * 30)]
    assert list(record("first", pairs, 20)) == [
        "first",
        "  a: 1   c: 2",
        "  d: three four",
        "  e:",
        "    xxxxxxxxxxxxxxxx",
        "    xxxxxxxxxxxxxx",
    ]


def test_a_table_without_rows_shows_its_headings() -> None:
    """It says that there are no rows, and is no error."""
    text = printed(lambda console: console.print(Table("route", "objects", title="Plan")), 80)
    assert "route" in " ".join(text)
    assert printed(lambda console: console.print(Table(title="Plan")), 80)
