"""What memory sizes cost: MB/s, inferences/s and dollars per million inferences at 512, 1024 and 1769 MB.

Lambda gives CPU in proportion to memory, one whole core at 1769 MB:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html

Here a handler that has used up its share of 20 ms is stopped (SIGSTOP) until the next 20 ms begin, as the kernel's own
bandwidth control does with a group. The price is an assumption: arm64 in us-east-1, USD 0.0000133334 a GB-second, as
listed in November 2026; requests, S3 and transfer are not in it. A core here is taken for a core there.
"""

from argparse import Namespace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.cpu_share import limited
from benchmarks.data import MB, write_captures
from benchmarks.loopback import Loopback, key, loopback
from benchmarks.processes import finish
from benchmarks.report import Benchmark, Figure

_SIZES_MB: Final = (512, 1024, 1769)
_SMOKE_SIZES_MB: Final = (1024,)
_WHOLE_CORE_MB: Final = 1769
_USD_A_GB_SECOND: Final = 0.0000133334


def measure(options: Namespace) -> list[Figure]:
    """Return the figures of every memory size."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        write_captures(path, "a", int(options.size_mb * MB))
        size_mb = path.stat().st_size / MB
        with loopback({"plain": (path, 1)}) as around:
            samples: dict[int, list[dict[str, Any]]] = {
                memory_mb: [] for memory_mb in (_SMOKE_SIZES_MB if options.smoke else _SIZES_MB)
            }
            for _ in range(options.reps):
                for memory_mb, found in samples.items():
                    found.append(_sample(around, memory_mb / _WHOLE_CORE_MB))
    return [figure for memory_mb, found in samples.items() for figure in _figures(memory_mb, found, size_mb)]


def _sample(around: Loopback, share: float) -> dict[str, Any]:
    process = around.start()
    with limited(process.pid, share):
        warm_up, events = ([around.event([key("plain", number)])] for number in (1, 0))
        return finish(process, {"warm_up": warm_up, "events": events})


def _figures(memory_mb: int, samples: list[dict[str, Any]], size_mb: float) -> list[Figure]:
    secs = median(sample["wall_secs"] for sample in samples)
    inferences = samples[0]["inferences"]
    usd = memory_mb / 1024 * secs * _USD_A_GB_SECOND / inferences * 1e6
    used = median(sample["cpu_secs"] / sample["wall_secs"] for sample in samples)
    share = f"{used:.2f} of a core used, {min(1, memory_mb / _WHOLE_CORE_MB):.2f} given"
    return [
        Figure(what=f"{memory_mb} MB: captures read", measured=size_mb / secs, unit="MB/s", note=share),
        Figure(what=f"{memory_mb} MB: inferences delivered", measured=inferences / secs, unit="1/s"),
        Figure(what=f"{memory_mb} MB: compute, a million inferences", measured=usd, unit="USD"),
    ]


BENCHMARK = Benchmark(name="memory_sizes", about=__doc__ or "", measure=measure, size_mb=58, reps=3)

if __name__ == "__main__":
    BENCHMARK.run()
