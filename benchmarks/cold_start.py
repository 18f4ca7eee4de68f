"""Cold start: import and build of the handler in a fresh interpreter, against `boto3.client("s3")`.

boto3 is an ordinary installation. The handler comes from an asset that is bundled for this machine, or from the one of
`--asset`, and from nowhere else. As in Lambda, the asset is read-only, so missing bytecode is compiled each time.
All clients are built, and no call is made. Time is CPU time from before the first import.
"""

import json
import subprocess
import sys
import sysconfig
from argparse import ArgumentParser, Namespace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec import Struct

from benchmarks.loopback import Loopback
from benchmarks.processes import ROOT, median_ratio
from benchmarks.report import Benchmark, Figure
from capture_forwarder.configuration.names import CONFIG_VARIABLE, RESOURCE_VARIABLES
from infra.bundling.asset import build_asset
from infra.bundling.wheels import Target

_MEASURED: Final = """
import sys
sys.path[:0] = sys.argv[1:]
from time import process_time
before = process_time()
{code}
secs = process_time() - before
held = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS"))
print('{{"secs": %f, "rss_mb": %f}}' % (secs, int(held) * 1024 / 1e6))
"""
_HANDLER: Final = "import capture_forwarder.entry"
_ORDINARY: Final = 'import boto3; boto3.client("s3")'
_NOWHERE: Final = "http://127.0.0.1:9"
_SITE_PACKAGES: Final = Path(sysconfig.get_path("purelib"))


class Start(Struct, frozen=True):
    """Code for an interpreter that has only `paths` on its path."""

    code: str
    paths: tuple[Path, ...]

    def sampled(self, python: str, flags: list[str], env: dict[str, str]) -> dict[str, Any]:
        """Return the time and the memory of one start. Raises `RuntimeError`."""
        code = _MEASURED.format(code=self.code)
        command = [python, "-I", "-S", *flags, "-c", code, *map(str, self.paths)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
        if done.returncode:
            raise RuntimeError(f"{self.code}: {done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def measure(options: Namespace) -> list[Figure]:
    """Return the figures."""
    ordinary = Start(_ORDINARY, (_SITE_PACKAGES,))
    with TemporaryDirectory() as folder:
        nowhere = Loopback(_NOWHERE, _NOWHERE, Path(folder))
        env = nowhere.configured(max_in_flight=8, max_inferences=1000)
        env |= dict.fromkeys(RESOURCE_VARIABLES.values(), "benchmark")
        config = Path(env[CONFIG_VARIABLE])
        handler = Start(_HANDLER, _handler_paths(options, Path(folder, "asset"), config))
        if not options.smoke:  # the asset contains its settings
            del env[CONFIG_VARIABLE]
        # The first start reads all files, and compiles the ordinary installation.
        handler.sampled(options.python, ["-B"], env)
        ordinary.sampled(options.python, [], env)
        pairs = [
            [each.sampled(options.python, ["-B"], env) for each in (handler, ordinary)] for _ in range(options.reps)
        ]
    return _figures(pairs)


def _handler_paths(options: Namespace, folder: Path, config: Path) -> tuple[Path, ...]:
    """Return the import path of the handler; a smoke run bundles nothing."""
    if options.smoke:
        return ROOT / "lambda_src", _SITE_PACKAGES
    if options.asset:
        return (options.asset.resolve(),)
    folder.mkdir()
    build_asset(folder, config, Target.here())
    return (folder,)


def _figures(pairs: list[list[dict[str, Any]]]) -> list[Figure]:
    figures = []
    for name, label, at_most, scale, unit in (("secs", "time", 1.1, 1000, "ms"), ("rss_mb", "RSS", 1.2, 1, "MB")):
        ours, ordinary = ([pair[place][name] * scale for pair in pairs] for place in (0, 1))
        ratio, spread = median_ratio(ours, ordinary)
        figures += [
            Figure(what=f"{label}: handler against boto3", measured=ratio, at_most=at_most, note=spread),
            Figure(what=f"{label}: handler", measured=median(ours), unit=unit),
            Figure(what=f'{label}: boto3.client("s3")', measured=median(ordinary), unit=unit),
        ]
    return figures


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--asset", type=Path, metavar="FOLDER", help="a bundled asset")
    parser.add_argument("--python", default=sys.executable, help="an interpreter of the asset's version")


BENCHMARK = Benchmark(name="cold_start", about=__doc__ or "", measure=measure, reps=21, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
