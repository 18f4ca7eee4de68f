"""The wheel in an environment of its own: a library without extras, a command with the extra `cli`."""

import os
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from capture_forwarder import __version__
from tests.support.installed import build_wheel, installed

SAMPLE = next(Path("events/captures/datacapture/synthetic-xgboost").rglob("*.jsonl")).absolute()
EXTRA_OF_COMMANDS = "This command needs the extra cli; run pip install 'capture-forwarder[cli]'\n"
EXTRA_OF_SUMO = "This command needs the extra sumo; run pip install 'capture-forwarder[sumo]'\n"
EXTRA_OF_DEMO = "This command needs the extra demo; run pip install 'capture-forwarder[demo]'\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def library(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone; return the folder of the environment's programs."""
    return installed(wheel, tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel with its extra `cli`; return the folder of the environment's programs."""
    return installed(wheel, tmp_path_factory.mktemp("commands"), "[cli]")


def run(program: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in `folder`, with the module paths of its own environment only."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    command: list[str | Path] = [program.absolute(), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - programs of the environment


@pytest.mark.parametrize("arguments", [[], ["--help"], ["demo"]])
def test_without_the_extra_the_command_names_it(library: Path, tmp_path: Path, arguments: list[str]) -> None:
    """One sentence, in place of a traceback."""
    done = run(library / "capture-forwarder", *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", EXTRA_OF_COMMANDS)


def test_without_the_extra_the_module_names_it(library: Path, tmp_path: Path) -> None:
    """`python -m capture_ops` is the same command."""
    done = run(library / "python", "-m", "capture_ops", "--help", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", EXTRA_OF_COMMANDS)


def test_without_extras_the_function_can_be_imported(library: Path, tmp_path: Path) -> None:
    """The package's own requirements are those of the function."""
    done = run(
        library / "python", "-c", "import capture_forwarder.bootstrap, capture_forwarder.handler", folder=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")


MODULES = """
import pkgutil, capture_ops
for module in pkgutil.walk_packages(capture_ops.__path__, "capture_ops."):
    __import__(module.name)
"""


def test_with_the_extra_every_module_of_the_commands_can_be_imported(commands: Path, tmp_path: Path) -> None:
    """No command needs a package that only a checkout has."""
    done = run(commands / "python", "-c", MODULES, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_with_the_extra_a_capture_can_be_inspected(commands: Path, tmp_path: Path) -> None:
    """The command works in a folder without a checkout."""
    done = run(commands / "capture-forwarder", "inspect", "--json", str(SAMPLE), folder=tmp_path)
    assert (done.returncode, done.stdout.count('"kind":"inference"')) == (0, 6)
    assert run(commands / "capture-forwarder", "version", folder=tmp_path).stdout == f"{__version__}\n"


def test_the_demo_names_the_extra_with_moto(commands: Path) -> None:
    """The demo runs in a checkout; only it needs moto."""
    done = run(commands / "python", "-m", "capture_ops", "demo", folder=Path.cwd())
    assert (done.returncode, done.stdout, done.stderr) == (2, "", EXTRA_OF_DEMO)


def test_sumo_setup_names_the_extra_with_its_client(commands: Path) -> None:
    """Delivery itself, and all other commands, need no client of Sumo Logic."""
    config = Path("tests/infra/observability/sumo.toml")
    done = run(commands / "python", "-m", "capture_ops", "sumo", "setup", "--config", str(config), folder=Path.cwd())
    assert (done.returncode, done.stdout, done.stderr) == (2, "", EXTRA_OF_SUMO)


def test_the_wheel_has_types_and_addresses(wheel: Path) -> None:
    """Type checkers use the annotations of both packages, and the index page links to the project."""
    with ZipFile(wheel) as file:
        names = set(file.namelist())
        (metadata,) = (file.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    assert {"capture_forwarder/py.typed", "capture_ops/py.typed"} <= names
    assert all(f"Project-URL: {label}, " in metadata for label in ("Homepage", "Source", "Issues", "Changelog"))
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "capture_forwarder",
        "capture_ops",
        "integrations",
    }
