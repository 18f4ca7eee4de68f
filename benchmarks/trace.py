"""The way of one event through the handler, traced on the set-up of the demo: `make trace`.

One S3 notification arrives in one message of the queue. Only calls inside `capture_forwarder` count. Files entered
include those of the threads that send and read ahead. Moves between files are those of the main thread. `back` counts
moves to a file that was entered before. `crossings` counts moves to another folder; a module beside the folders counts
as a folder. An event with an object of another route comes first, so that work that is done once in a process does not
count.

Version 0.1.0 had these figures; `docs/adr/0002-forwarding-in-seven-files.md` compares them with those of today:

| object | calls | functions | files | moves | back | crossings |
|---|---|---|---|---|---|---|
| 1 line of JSON, no schema | 299 | 204 | 41 | 117 | 83 | 67 |
| 5 lines of CSV, one of them rejected, no schema | 737 | 209 | 42 | 282 | 247 | 162 |
| 23 lines of CSV with a schema, so the compiled path | 559 | 197 | 39 | 196 | 164 | 77 |
"""

import os
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final

from msgspec import Struct, field

import capture_forwarder
from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.handler import Handler, make_handler
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.demo import put_capture, sample_captures
from capture_ops.commands.invoke import LocalContext
from capture_ops.commands.monitor import TOKEN_VARIABLE, models_of
from capture_ops.monitor.server import running_monitor

_ROOT: Final = f"{Path(capture_forwarder.__file__).parent}{os.sep}"
_CONFIG: Final = Path(__file__).parents[1] / "events" / "forwarder.toml"
_WARM_UP: Final = "aws-samples-sample-aiops-on-amazon-sagemakerai"
CASES: Final = {
    "1 line of JSON, no schema": "omerfguzel-scones-unlimited",
    "5 lines of CSV, one of them rejected, no schema": "synthetic-csv-rows",
    "23 lines of CSV with a schema, so the compiled path": "packtpublishing-amazon-sagemaker-best-practices",
}


class Call(Struct, frozen=True):
    """One call of a function, or one step of a generator; `file` is relative to the package."""

    file: str
    function: str

    @property
    def folder(self) -> str:
        """The folder of the file, or the file itself where it lies beside the folders."""
        return self.file.rpartition("/")[0] or self.file


class Trace(Struct):
    """The calls of one event, in the main thread and in the others."""

    main: list[Call] = field(default_factory=list)
    others: list[Call] = field(default_factory=list)

    @property
    def calls(self) -> list[Call]:
        """The calls in all threads."""
        return self.main + self.others

    @property
    def files(self) -> set[str]:
        """The files that were entered."""
        return {call.file for call in self.calls}

    def count(self, function: str) -> int:
        """Return how often a function was called."""
        return sum(call.function == function for call in self.calls)

    @property
    def path(self) -> list[Call]:
        """The first call of the main thread, and each that is in another file than the one before."""
        return self.main[:1] + [call for before, call in pairwise(self.main) if before.file != call.file]

    @property
    def row(self) -> str:
        """The figures as a row of the table."""
        moves = len(self.path) - 1
        back = len(self.path) - len({call.file for call in self.path})
        crossings = sum(before.folder != after.folder for before, after in pairwise(self.path))
        figures = (len(self.calls), len(set(self.calls)), len(self.files), moves, back, crossings)
        return " | ".join(map(str, figures))


class Tracer:
    """Traces the main thread, and every thread that is started after the tracer was made."""

    def __init__(self) -> None:
        self._trace: Trace | None = None
        threading.setprofile(self._record)

    def trace(self, action: Callable[[], object]) -> Trace:
        """Return the calls of `action`."""
        self._trace = trace = Trace()
        sys.setprofile(self._record)
        try:
            action()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            self._trace = None
        return trace

    def _record(self, frame: FrameType, event: str, _: object) -> None:
        code, trace = frame.f_code, self._trace
        if trace and event == "call" and code.co_filename.startswith(_ROOT):
            calls = trace.main if threading.current_thread() is threading.main_thread() else trace.others
            calls.append(Call(Path(code.co_filename.removeprefix(_ROOT)).as_posix(), code.co_qualname))


def traces(cases: Mapping[str, str] = CASES) -> Iterator[tuple[str, Trace]]:
    """Yield the name of every case with the trace of the first sample object of its endpoint."""
    samples: dict[str, tuple[str, bytes]] = {}
    for key, content in sample_captures():
        samples.setdefault(key.split("/")[1], (key, content))
    for name, endpoint in cases.items():
        tracer = Tracer()
        try:
            with _demo() as (bucket, handler):
                _invoke(handler, put_capture(bucket, *samples[_WARM_UP]))
                message = put_capture(bucket, *samples[endpoint])
                yield name, tracer.trace(partial(_invoke, handler, message))
        finally:
            threading.setprofile(None)


def _invoke(handler: Handler, message: dict[str, Any]) -> None:
    answer = handler({"Records": [message]}, LocalContext())
    if answer["batchItemFailures"]:
        raise RuntimeError("the handler did not forward the sample; does `make demo` work?")


@contextmanager
def _demo() -> Iterator[tuple[str, Handler]]:
    """Serve AWS and the monitor as the demo does; return the bucket, and the handler as it is deployed."""
    settings = read_settings(_CONFIG)
    bucket = settings.route[0].bucket
    with (
        TemporaryDirectory() as folder,
        local_aws(bucket),
        running_monitor(models_of(settings), token="t") as monitor,  # noqa: S106 - of a server that lives as long as this
    ):
        config = Path(folder, _CONFIG.name)
        text = _CONFIG.read_text(encoding="utf-8").replace("http://127.0.0.1:8765", monitor.url)
        config.write_text(text, encoding="utf-8")
        os.environ |= {CONFIG_VARIABLE: str(config), TOKEN_VARIABLE: "t"}
        yield bucket, make_handler(build_runtime(os.environ))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and with `--path` the files of every move."""
    parser = ArgumentParser(prog="python -m benchmarks.trace", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--path", action="store_true", help="print the sequence of files and functions of each case too"
    )
    options = parser.parse_args(arguments)
    with redirect_stdout(StringIO()):  # the function's log
        found = dict(traces())
    lines = ["| object | calls | functions | files | moves | back | crossings |", "|---|---|---|---|---|---|---|"]
    lines += [f"| {name} | {trace.row} |" for name, trace in found.items()]
    if options.path:
        for name, trace in found.items():
            lines += ["", f"{name}:", *(f"  {call.file} {call.function}" for call in trace.path)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
