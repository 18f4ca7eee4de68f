"""Both sides of a call read together: how many rows there are, and where the values of each side go."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import Side
from capture_forwarder.kinds.captures.one_side import OneSide
from capture_forwarder.kinds.captures.reading import CallRows, Reading
from capture_forwarder.kinds.captures.side_rows import Names, read_side
from capture_forwarder.payloads.ambiguous import why_ambiguous, why_deeper, why_other_order
from capture_forwarder.payloads.bodies import Body
from capture_forwarder.payloads.deciding import Decision, Way, decide
from capture_forwarder.payloads.error_bodies import ERROR, is_error_body
from capture_forwarder.payloads.headers import why_header
from capture_forwarder.payloads.shape import Says, Shape
from capture_forwarder.payloads.sides import csv_lines, shape_of


class BothSides(Struct, frozen=True):
    """Reads calls by the options of a route and the sides of its schema."""

    options: DecodingOptions
    request_side: Side | None
    answer_side: Side | None
    request_alone: OneSide
    answer_alone: OneSide

    def read(self, request: Body, answer: Body) -> CallRows | Reason:
        """Return the rows of a call."""
        asked = shape_of(request, self.options.input, self.request_side, is_answer=False)
        answered = shape_of(answer, self.options.output, self.answer_side, is_answer=True)
        if isinstance(asked, Reason):
            return self.answer_alone.read(answer, asked, None)
        if isinstance(answered, Reason):
            return self.request_alone.read(request, answered, None)
        widths = self.answer_side.widths if self.answer_side else ()
        decision = decide(asked, answered, widths)
        if isinstance(decision, Reason):
            why = why_deeper(asked, answered) or (answered.is_arrays and self._why_header(request, answer, answered))
            return why or self._with_blank_lines(request, answer) or self._mismatch(request, answer, decision)
        reason = why_ambiguous(asked, answered, decision) or self._why_header(request, answer, answered)
        return reason or self._rows(request, answer, asked, answered, decision)

    def _with_blank_lines(self, request: Body, answer: Body) -> CallRows | Reason | None:
        """Return the rows if empty lines of CSV in one column are empty cells, and the sides then fit."""
        if request.with_blank is not None:
            call = self.read(replace(request, content=request.with_blank, with_blank=None), answer)
            if isinstance(call, CallRows):
                return call
        if answer.with_blank is not None:
            call = self.read(request, replace(answer, content=answer.with_blank, with_blank=None))
            if isinstance(call, CallRows):
                return call
        return None

    def _mismatch(self, request: Body, answer: Body, reason: Reason) -> Reason:
        """Return the rejection of sides that do not fit; it mentions a possible header."""
        if reason.code is RejectionCode.ROW_COUNT_MISMATCH:
            names = [
                name
                for name, lines in zip(
                    ("input_csv_header", "output_csv_header"), self._lines(request, answer), strict=True
                )
                if lines and why_header(lines, None, answer_is_fixed=False)
            ]
            if names:
                return Reason(reason.code, f"{reason.why}; a first line may be names: {' or '.join(names)} says so")
        return reason

    def _lines(self, request: Body, answer: Body) -> tuple[Sequence[list[str]] | None, Sequence[list[str]] | None]:
        return (
            csv_lines(request, self.options.input, self.request_side),
            csv_lines(answer, self.options.output, self.answer_side),
        )

    def _why_header(self, request: Body, answer: Body, answered: Shape) -> Reason | None:
        asked_lines, answered_lines = self._lines(request, answer)
        if asked_lines is None and answered_lines is None:
            return None
        return why_header(asked_lines, answered_lines, answer_is_fixed=answered.says is Says.FIXED)

    def _names(self, *, is_answer: bool) -> Names:
        if is_answer:
            return Names(self.options.output.call_keys, self.answer_side, is_answer)
        return Names(self.options.input.call_keys, self.request_side, is_answer)

    def _rows(
        self, request: Body, answer: Body, asked: Shape, answered: Shape, decision: Decision
    ) -> CallRows | Reason:
        count = decision.count
        given = read_side(asked, count, decision.request, answered, request.form, self._names(is_answer=False))
        if isinstance(given, Reason):
            return given
        found = read_side(answered, count, decision.answer, asked, answer.form, self._names(is_answer=True))
        if isinstance(found, Reason):
            return found
        if count == 1 and is_error_body(found.rows[0]):
            return ERROR
        if count > 1 and (reason := why_other_order(given.rows, found.rows)):
            return reason
        is_cut = answered.says is Says.OPEN and decision.answer is Way.ROWS
        return CallRows(count, given, found, Reading(given.reading, found.reading, is_cut))
