"""The long form of the agreement with the reference: 100,000 generated calls over all layouts; `make reference`."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from random import Random

from tests.properties.both_readers import Rows, by_project, by_reference, code_of, exact, shown
from tests.properties.conservation import lost
from tests.properties.generated_calls import damaged_call, generated_call
from tests.properties.generated_options import generated_options, reader
from tests.reference.model import Options
from tests.support.captures import Side, capture

_CALLS_A_TURN = 2_500
_PRINTED = 20
# The layouts of a call, its two sides, its result if it is known, and the options of its route.
One = tuple[str, Side, Side, str | None, Options]


def main() -> int:
    """Run the check, print counts by layout and the first disagreements, and return 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.reference_check", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="how many calls (default 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; the same seed gives the same calls")
    parser.add_argument("kind", nargs="?", default="known", choices=list(KINDS), help="which calls (default known)")
    options = parser.parse_args()
    starts = range(options.seed, options.seed + options.calls, _CALLS_A_TURN)
    started, counts, found = time.monotonic(), Counter[tuple[str, str]](), list[str]()
    with ProcessPoolExecutor() as executor:
        for counted, disagreements in executor.map(turn, starts, repeat(options.kind)):
            counts += counted
            found += disagreements
    print_counts(counts)
    print(*found[:_PRINTED], sep="\n")
    total = sum(count for (_, how), count in counts.items() if not how.startswith("other code"))
    print(
        f"{total:>9,} calls in {time.monotonic() - started:.0f} s, seeds {options.seed} and on; {len(found)} disagreements"
    )
    return 1 if found else 0


def print_counts(counts: Counter[tuple[str, str]]) -> None:
    """Print a line a layout: how many calls agree, and how many do not; then the codes that differ."""
    layouts = sorted({layout for layout, _ in counts})
    for layout in layouts:
        row = {how: count for (name, how), count in counts.items() if name == layout}
        print(f"{layout:<45}", *(f"{count:>8,} {how}" for how, count in sorted(row.items())))


def turn(seed: int, kind: str) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Return the counts of one turn by layout and result, and its disagreements."""
    counts, found = Counter[tuple[str, str]](), list[str]()
    for number in range(seed, seed + _CALLS_A_TURN):
        layout, request, answer, known, options = KINDS[kind](number)
        mine, theirs = by_reference(request, answer, options), by_project(reader(options), capture(request, answer))
        how = (options == Options() and lost(request, answer, theirs)) or verdict(mine, theirs, known)
        counts[layout, how.partition(":")[0]] += 1
        if how == "agree" and code_of(mine) != code_of(theirs):
            counts["codes", f"other code: {code_of(mine)} is {code_of(theirs)} there"] += 1
        if how != "agree":
            found.append(
                f"{how}, seed {number}, {layout}\n  request   {request}\n  answer    {answer}\n  {described(mine, theirs)}"
            )
    return counts, found


def known_one(seed: int) -> One:
    """Return a generated call with its layouts and its result as text."""
    call = generated_call(Random(seed))
    return " -> ".join(call.layouts), call.request, call.answer, exact(call.rows), Options()


def damaged_one(seed: int) -> One:
    """Return a damaged call, whose result is not known."""
    return "damaged", *damaged_call(Random(seed)), None, Options()


def one_with_options(seed: int) -> One:
    """Return a call of a route with options, whose result is not known."""
    call = generated_call(Random(seed))
    return "with options", call.request, call.answer, None, generated_options(Random(seed))


KINDS: dict[str, Callable[[int], One]] = {"known": known_one, "damaged": damaged_one, "options": one_with_options}


def verdict(mine: Rows, theirs: Rows, known: str | None) -> str:
    """Return whether the two readers agree, and with the known result."""
    if exact(shown(mine)) != exact(shown(theirs)):
        return "DISAGREE"
    return "agree" if known in (None, exact(shown(mine))) else "BOTH DIFFER FROM THE KNOWN RESULT"


def described(mine: Rows, theirs: Rows) -> str:
    """Return both results for a person."""
    return f"reference {mine if code_of(mine) else shown(mine)}\n  project   {theirs if code_of(theirs) else shown(theirs)}"


if __name__ == "__main__":
    sys.exit(main())
