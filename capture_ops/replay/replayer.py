"""QuarantineEntry rejections on the same way as captures: transform, lane, receipt; then out of quarantine."""

from collections.abc import Callable, Iterable, Mapping

from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.run import Run
from capture_ops.replay.claims import EntryClaim, FileClaim, ReplayReport
from capture_ops.replay.files import Changed, Found, NotQuarantine, QuarantineFiles
from capture_ops.replay.originals import Originals
from capture_ops.replay.plan import Selection, Step, why_it_stays
from capture_ops.replay.ways import ReplayWays

_SWEEP_STEPS = 50
_MAX_HELD_BYTES = 64 * 1024 * 1024
_MAX_WRITES = 5


class Replayer:
    """Executes the steps of a plan: batches are filled across files, a file is written when it owes nothing more."""

    def __init__(
        self,
        *,
        files: QuarantineFiles,
        selection: Selection,
        routes: Mapping[str, Route],
        outlets: Mapping[str, Outlet],
        originals: Originals,
        run: Run,
    ) -> None:
        self._files = files
        self._selection = selection
        self._routes = routes
        self._originals = originals
        self._run = run
        self._ways = ReplayWays(outlets, run)
        self._report = ReplayReport()
        self._open: list[FileClaim] = []
        self._held_bytes = 0

    def replay(self, steps: Iterable[Step], advance: Callable[[int], object]) -> ReplayReport:
        """Do `steps` until the run's time is used up; `advance` is told of how many entries nothing more is to do.

        Whatever ends it loses nothing: a file is written after the receipts of all that is taken out of it, and what
        was accepted and is still in it is a duplicate the next time.
        """
        for number, step in enumerate(steps, start=1):
            if why := self._why_not(step):
                self._leave(step.entries, why)
            else:
                self._begin(step)
            if self._held_bytes > _MAX_HELD_BYTES:
                self._ways.drain()
            if self._held_bytes > _MAX_HELD_BYTES or number % _SWEEP_STEPS == 0:
                self._conclude([file for file in self._open if not file.owed], advance)
        self._ways.drain()
        self._conclude(self._open, advance)
        return self._report

    def _why_not(self, step: Step) -> str | None:
        """Return why it is of no use to read a file."""
        if self._run.deadline.left_secs() <= 0:
            return "not reached: run again"
        routes = {part.route for part in step.parts}
        troubles = [self._ways.lane(self._routes[name]).failure for name in routes & self._routes.keys()]
        return f"still owed: {troubles[0]}" if len(troubles) == len(routes) and all(troubles) else None

    def _leave(self, entries: int, why: str) -> None:
        self._report.selected += entries
        self._report.left[why] += entries

    def _begin(self, step: Step) -> None:
        try:
            found = self._files.read(step.name)
        except (NotQuarantine, Unavailable) as error:
            self._leave(step.entries, str(error))
            return
        if found is None:  # somebody else has replayed all of it since the plan was made
            return
        file = FileClaim(step.name, found)
        self._open.append(file)
        self._held_bytes += file.bytes
        for entry in found.entries:
            if self._selection.takes(entry) and entry not in file.claims:
                file.claims[entry] = EntryClaim(entry, self._report)
                self._send(file.claims[entry])

    def _send(self, claim: EntryClaim) -> None:
        if why := why_it_stays(claim.entry, self._routes):
            claim.stay(why)
            return
        route = self._routes[claim.entry.route]
        lane = self._ways.lane(route)
        try:
            if lane.failure:
                raise lane.failure
            line = self._originals.line(claim.entry)
            outcome = line if isinstance(line, str) else self._ways.outcome(route, line)
        except Unavailable as unavailable:
            claim.stay(f"still owed: {unavailable}")
            return
        if isinstance(outcome, str):
            claim.stay(outcome)
            return
        lane.add(claim.settle, claim.enter(outcome))

    def _conclude(self, files: list[FileClaim], advance: Callable[[int], object]) -> None:
        concluded = set(map(id, files))
        self._open = [file for file in self._open if id(file) not in concluded]
        for file in files:
            self._held_bytes -= file.bytes
            unwritten = self._write(file)
            for claim in file.claims.values():
                if claim.owed:
                    claim.stay(f"still owed: {self._ways.lane(self._routes[claim.entry.route]).failure}")
                why = claim.why_left or (unwritten and f"accepted, but its file stays: {unwritten}")
                self._report.removed += why is None
                self._report.left.update([why] if why else [])
            advance(len(file.claims))

    def _write(self, file: FileClaim) -> str | None:
        """Let a file hold what is left of it, or return why it still holds what it held."""
        try:
            self._take_out(file)
        except (NotQuarantine, Unavailable) as error:
            return str(error)
        return None

    def _take_out(self, file: FileClaim) -> None:
        """Write what is left; where somebody wrote the file meanwhile, what is left of what it holds now."""
        found: Found | None = file.found
        for _ in range(_MAX_WRITES):
            left = file.left_of(found.entries) if found else []
            if found is None or left == found.entries:
                return
            try:
                self._files.write(file.name, found.state, left)
            except Changed:
                found = self._files.read(file.name)
            else:
                return
        raise Unavailable("somebody else keeps writing it")
