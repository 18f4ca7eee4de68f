"""Capture objects forwarded together, so that their inferences share requests."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from capture_forwarder.domain.batch import Parcel
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import Refusal, Superseded, Unavailable
from capture_forwarder.domain.events import ObjectForwarded
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.progress import Position
from capture_forwarder.domain.route import Route, Router
from capture_forwarder.formats.lines import LineReader
from capture_forwarder.formats.transform import Decoded, Transform
from capture_forwarder.forward.account import Account, LineClaim
from capture_forwarder.forward.closing import Closing
from capture_forwarder.forward.lane import Lane
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.run import Run
from capture_forwarder.ports import CaptureStore, Progress


class ReadingLimits(Struct, frozen=True, kw_only=True):
    """How long a line may be, and when progress is saved in the middle of an object."""

    max_line_bytes: int = 64 * 1024 * 1024
    checkpoint_secs: float = 20.0
    max_rejected_bytes: int = 4 * 1024 * 1024


class _Lanes:
    """One lane a model and destination, and one transform a route, for the length of a run."""

    def __init__(self, outlets: Mapping[str, Outlet], run: Run) -> None:
        self._outlets = outlets
        self._run = run
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._transforms: dict[str, Transform] = {}

    def lane(self, route: Route) -> Lane:
        """Return the lane that `route` shares with every other route to the same model."""
        key = (route.destination, route.model_id)
        if key not in self._lanes:
            self._lanes[key] = Lane(route.model_id, self._outlets[route.destination], self._run)
        return self._lanes[key]

    def transform(self, route: Route) -> Transform:
        """Return how lines of `route` become inferences. Raises `DestinationUnavailable` if its schema is not known."""
        if route.name not in self._transforms:
            ask = self._outlets[route.destination].schemas.schema
            schema = ask(route.model_id) if route.schema_from_model else route.schema
            self._transforms[route.name] = Transform(route.reading, schema)
        return self._transforms[route.name]

    def drain(self) -> None:
        """Wait until every post is settled."""
        for lane in self._lanes.values():
            lane.drain()


class Forwarder:
    """Sends the inferences of capture objects to where their routes lead."""

    def __init__(
        self,
        *,
        router: Router,
        store: CaptureStore,
        outlets: Mapping[str, Outlet],
        progress: Progress,
        closing: Closing,
        limits: ReadingLimits,
    ) -> None:
        self._router = router
        self._store = store
        self._outlets = outlets
        self._progress = progress
        self._closing = closing
        self._limits = limits

    def forward(self, works: Sequence[Work], run: Run) -> list[ForwardReport]:
        """Return one report a work, in their order. Nothing that one object holds, or lacks, touches another.

        Works for one state of an object share what becomes of it: events come more than once.
        """
        lanes = _Lanes(self._outlets, run)
        accounts: dict[str | Work, Account] = {}
        try:
            positions = self._progress.load([work.source for work in works])
        except Unavailable as unavailable:
            for work in works:
                accounts[_same(work)] = self._account(work, {})
                accounts[_same(work)].stop(ObjectState.OWED, str(unavailable))
        else:
            for work in works:
                if _same(work) not in accounts:
                    accounts[_same(work)] = self._read(self._account(work, positions), lanes, run)
        lanes.drain()
        for account in accounts.values():
            if account.route and account.inferences.pending:
                account.stop(ObjectState.OWED, str(lanes.lane(account.route).trouble))
        reports = {key: self._closing.conclude(account, run) for key, account in accounts.items()}
        for report in reports.values():
            run.observer.notice(ObjectForwarded(report))
        return [reports[_same(work)] for work in works]

    def _account(self, work: Work, positions: Mapping[str, Position]) -> Account:
        known = positions.get(work.source.state_id or "")
        return Account(work, self._router.route_for(work.source), known or Position(bookmark=work.bookmark))

    def _read(self, account: Account, lanes: _Lanes, run: Run) -> Account:
        try:
            self._start(account, lanes, run)
        except Unavailable as unavailable:
            account.stop(ObjectState.OWED, str(unavailable))
        except Exception as bug:  # noqa: BLE001 - a bug that one object meets must not cost its neighbours their delivery
            account.stop(ObjectState.FAILED, f"unexpected {type(bug).__name__} after {account.lines.read} lines")
        return account

    def _start(self, account: Account, lanes: _Lanes, run: Run) -> None:
        if account.route is None:
            account.stop(ObjectState.UNROUTED)
        elif account.position.done:
            account.stop(ObjectState.DONE_BEFORE)
        elif account.position.leased_until > run.now():
            account.stop(ObjectState.LEASED, "another invocation is at work on it")
        elif run.deadline.reading_secs() <= 0:
            account.stop(ObjectState.OUT_OF_TIME, "the invocation's time was used up before it")
        else:
            account.take_over()
            lane = lanes.lane(account.route)
            if lane.trouble:
                account.stop(ObjectState.OWED, str(lane.trouble))
            else:
                self._read_lines(account, lane, lanes.transform(account.route), run)

    def _read_lines(self, account: Account, lane: Lane, transform: Transform, run: Run) -> None:
        at = account.position.bookmark
        opened = self._store.open(account.work.source, 0 if at.compressed else at.offset)
        if isinstance(opened, Refusal):
            account.refuse(opened)
            return
        if isinstance(opened, Superseded):
            account.stop(ObjectState.SUPERSEDED)
            return
        account.modified = opened.modified
        reader = LineReader(opened.chunks, self._limits.max_line_bytes, at)
        due = run.clock() + self._limits.checkpoint_secs
        for line in reader:
            account.compressed = reader.compressed
            outcome = transform(line)
            claim = account.enter(line, outcome)
            if claim and isinstance(outcome, Decoded):
                _send(outcome, claim, lane)
            if lane.trouble:
                account.stop(ObjectState.OWED, str(lane.trouble))
                return
            if run.deadline.reading_secs() <= 0:
                account.stop(ObjectState.OUT_OF_TIME, "the invocation's time is used up")
                return
            if run.clock() > due or account.rejected_bytes > self._limits.max_rejected_bytes:
                self._closing.checkpoint(account, run)
                due = run.clock() + self._limits.checkpoint_secs
        account.stop(ObjectState.READ)


def _send(decoded: Decoded, claim: LineClaim, lane: Lane) -> None:
    for row in decoded.rows:
        if isinstance(row, Inference):
            lane.add(Parcel(row, lane.encode(row), claim))


def _same(work: Work) -> str | Work:
    return work.source.state_id or work
