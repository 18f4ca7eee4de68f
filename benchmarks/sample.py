"""One sample of one pipeline: `python -m benchmarks.sample PIPELINE PATH`; prints its measurements as JSON."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from benchmarks.ours import ours, plain, plain_without_schema, without_schema
from benchmarks.processes import peak_rss_mb
from benchmarks.references import loads_alone, standard, with_orjson

Pipeline = Callable[[Path], Iterator[bytes]]
PIPELINES: Final[dict[str, Pipeline]] = {
    "ours": ours,
    "stdlib": standard,
    "orjson": with_orjson,
}
_MEASURES: Final = {
    **PIPELINES,
    "plain": plain,
    "without_schema": without_schema,
    "plain_without_schema": plain_without_schema,
    "loads": loads_alone,
}


def main(pipeline: str, path: str) -> None:
    """Run `pipeline` on `path` and drop its output."""
    wall, cpu = perf_counter(), process_time()
    sizes = [len(body) for body in _MEASURES[pipeline](Path(path))]
    took = {"cpu_secs": process_time() - cpu, "wall_secs": perf_counter() - wall}
    sys.stdout.write(json.dumps(took | {"requests": len(sizes), "bytes": sum(sizes), "peak_rss_mb": peak_rss_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
