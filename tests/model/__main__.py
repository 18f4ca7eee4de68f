"""The long form of the model checker: larger worlds, random walks, and each rule left out once; `make model`."""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from capture_ops.terminal.interruption import end_on_signals
from tests.model.cases import LONG, NEEDED, SHORT, Case, Needed
from tests.model.explore import Result
from tests.model.moves import Move


def main() -> int:
    """Print one line a case, and the trace to each broken promise. Return 1 if a promise does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name contains TEXT")
    parser.add_argument("--traces", action="store_true", help="also print the trace that each rule prevents")
    options = parser.parse_args()
    cases = [case for case in (*SHORT, *LONG) if options.only in case.name]
    needed = [each for each in NEEDED if options.only in each.rule]
    # A process for each case gives its memory back.
    with ProcessPoolExecutor(max_tasks_per_child=1) as executor:
        good = [_print_case(*found) for found in zip(cases, executor.map(Case.check, cases), strict=True)]
        print()
        results = executor.map(Needed.check, needed)
        good += [_print_rule(*found, traces=options.traces) for found in zip(needed, results, strict=True)]
    return 0 if all(good) else 1


def _print_case(case: Case, result: Result) -> bool:
    print(
        f"{case.name:54} {result.states:9,} {'steps ' if case.walks else 'states'} {result.secs:6.1f} s, "
        f"a line sent <= {result.most_sends} times, <= {result.most_runs} invocations: "
        f"{'BROKEN' if result.traces else 'every promise holds'}",
        flush=True,
    )
    for promise, trace in result.traces.items():
        print(f"    broken: {promise}", *_lines(trace), sep="\n")
    return not result.traces


def _print_rule(needed: Needed, result: Result, *, traces: bool) -> bool:
    trace = result.traces.get(needed.promise)
    found = f"breaks in {len(trace)} steps: {needed.promise}" if trace else "BREAKS NOTHING"
    print(f"without {needed.rule:26} {found}", flush=True)
    if trace and traces:
        print(*_lines(trace), sep="\n")
    return trace is not None


def _lines(trace: list[Move]) -> Iterator[str]:
    return (f"        {move}" for move in trace)


if __name__ == "__main__":
    end_on_signals()
    sys.exit(main())
