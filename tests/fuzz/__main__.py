"""The long fuzz: a million mutated capture lines on every processor; `make fuzz`."""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from os import cpu_count
from pathlib import Path
from random import Random

from capture_ops.terminal.interruption import end_on_signals
from tests.fuzz.mutator import Mutator, seeds
from tests.fuzz.promises import ending, routes

_LINES_A_TURN = 10_000
_SLOWEST_SECS = 2.0
_FOUND = Path(".fuzz")


def main() -> int:
    """Run the fuzz, print the outcomes, and return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="how many lines (default 1,000,000)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; the same seed gives the same lines")
    options = parser.parse_args()
    turns = -(-options.lines // _LINES_A_TURN)
    started = time.monotonic()
    with ProcessPoolExecutor() as executor:
        results = executor.map(turn, range(options.seed, options.seed + turns), repeat(_LINES_A_TURN))
        endings: Counter[str] = sum(results, Counter())
    took = time.monotonic() - started
    for name, count in endings.most_common():
        print(f"{count:>10,}  {name}")
    total, broken = endings.total(), sum(count for name, count in endings.items() if name.startswith("BROKEN"))
    print(
        f"{total:>10,}  lines in {took:.0f} s on {cpu_count()} processors, seeds {options.seed} and on; {broken} broken"
    )
    return 1 if broken or total != turns * _LINES_A_TURN else 0


def turn(seed: int, lines: int) -> Counter[str]:
    """Return the outcomes of `lines` lines, each read by one reader; lines that break a promise are stored in `.fuzz/`."""
    random = Random(seed)
    mutator, readers, endings = Mutator(seeds(), random), list(routes().items()), Counter[str]()
    for number in range(lines):
        line, (name, transform) = mutator.line(), random.choice(readers)
        started = time.process_time()
        try:
            how = ending(line, transform)
        except Exception as error:  # noqa: BLE001 - an exception of any kind is a broken promise
            how = f"BROKEN by {type(error).__name__}: {error}"[:120]
        if time.process_time() - started > _SLOWEST_SECS:
            how = "BROKEN: slow"
        if how.startswith("BROKEN"):
            _FOUND.mkdir(exist_ok=True)
            (_FOUND / f"{name.replace(' ', '-')}-{seed}-{number}.jsonl").write_bytes(line)
        endings[how] += 1
    return endings


if __name__ == "__main__":
    end_on_signals()
    sys.exit(main())
