"""All benchmarks, one after the other: `python -m benchmarks`; with `--smoke` tiny, to see that they run."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks import (
    cold_start,
    corners,
    destinations,
    end_to_end,
    latency,
    memory,
    previous,
    small_objects,
    transform,
)
from capture_ops.terminal.interruption import end_on_signals

ALL: Final = [
    module.BENCHMARK
    for module in (transform, previous, corners, end_to_end, destinations, small_objects, memory, latency, cold_start)
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every benchmark in its default form."""
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, once, limits for counts only")
    parser.add_argument("--json-dir", type=Path, metavar="FOLDER", help="write a JSON file for each benchmark there")
    parser.add_argument("--record", action="store_true", help="keep the figures, so that later runs show them, too")
    parser.add_argument("--against", metavar="REV", help="the commit that transform and handler are compared with")
    options = parser.parse_args(arguments)
    started = perf_counter()
    for benchmark in ALL:
        given = [f"--{name}" for name in ("smoke", "record") if getattr(options, name)]
        if options.against and benchmark is previous.BENCHMARK:
            given += ["--against", options.against]
        if options.json_dir:
            options.json_dir.mkdir(parents=True, exist_ok=True)
            given += ["--json", str(options.json_dir / f"{benchmark.name}.json")]
        benchmark.run(given)
    sys.stdout.write(f"\nAll benchmarks took {(perf_counter() - started) / 60:.1f} minutes.\n")


if __name__ == "__main__":
    end_on_signals()
    main()
