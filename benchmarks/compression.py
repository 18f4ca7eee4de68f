"""What compression costs and saves: request bodies of inferences deflated, capture objects inflated.

isal, which does the same by other instructions, is measured if it is installed.
"""

import gzip
import io
import zlib
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, BinaryIO, Final

from benchmarks.data import MB, write_captures
from benchmarks.ours import ours
from benchmarks.report import Benchmark, Figure

_PIECE_BYTES: Final = 256 * 1024
_GZIP: Final = 31  # zlib's wbits for a gzip header


def measure(options: Namespace) -> list[Figure]:
    """Return speed and ratio of every way that is there."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        write_captures(path, "a", int(options.size_mb * MB))
        bodies, captures = [bytes(body) for body in ours(path)], path.read_bytes()
    compressed = gzip.compress(captures, 6)
    return [
        *(_deflated(name, compress, bodies, options.reps) for name, compress in _deflaters().items()),
        *(_inflated(name, opened, compressed, options.reps) for name, opened in _inflaters().items()),
    ]


def _deflated(name: str, compress: Callable[[bytes], bytes], bodies: list[bytes], reps: int) -> Figure:
    size = sum(map(len, bodies))
    small = sum(len(compress(body)) for body in bodies)
    secs = _secs(lambda: [compress(body) for body in bodies], reps)
    return Figure(what=f"requests, {name}", measured=size / MB / secs, unit="MB/s", note=f"ratio {size / small:.1f}")


def _inflated(name: str, opened: Callable[[BinaryIO], Any], compressed: bytes, reps: int) -> Figure:
    size = _read(opened(io.BytesIO(compressed)))
    secs = _secs(lambda: _read(opened(io.BytesIO(compressed))), reps)
    note = f"ratio {size / len(compressed):.1f}"
    return Figure(what=f"captures inflated, {name}", measured=size / MB / secs, unit="MB/s", note=note)


def _secs(run: Callable[[], object], reps: int) -> float:
    """Return the median CPU time of `reps` runs."""
    secs = []
    for _ in range(reps):
        before = process_time()
        run()
        secs.append(process_time() - before)
    return median(secs)


def _read(stream: Any) -> int:
    """Read a stream as the product does; return how many bytes came."""
    reader, size = io.BufferedReader(stream, _PIECE_BYTES), 0
    while piece := reader.read(_PIECE_BYTES):
        size += len(piece)
    return size


def _deflaters() -> dict[str, Callable[[bytes], bytes]]:
    found: dict[str, Callable[[bytes], bytes]] = {
        f"zlib level {level}": partial(zlib.compress, level=level, wbits=_GZIP) for level in (1, 6)
    }
    if isal := _isal():
        found["isal level 1"] = partial(isal.compress, compresslevel=1)
    return found


def _inflaters() -> dict[str, Callable[[BinaryIO], Any]]:
    found: dict[str, Callable[[BinaryIO], Any]] = {"zlib": lambda file: gzip.GzipFile(fileobj=file)}
    if isal := _isal():
        found["isal"] = lambda file: isal.IGzipFile(fileobj=file)
    return found


def _isal() -> Any:
    return import_module("isal.igzip") if find_spec("isal") else None


BENCHMARK = Benchmark(name="compression", about=__doc__ or "", measure=measure, size_mb=20, reps=5)

if __name__ == "__main__":
    BENCHMARK.run()
