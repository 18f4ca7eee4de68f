"""The asset: its files, the same bytes on every machine, and clear errors where it cannot be built."""

import csv
import os
import re
import shutil
import struct
import sys
from pathlib import Path

import certifi
import msgspec
import pytest
from msgspec.structs import replace

from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import Architecture, PythonRuntime, StackSettings
from infra.bundling.asset import MAX_BYTES, build_asset, copy_modules
from infra.bundling.bytecode import interpreter
from infra.bundling.wheels import DEPENDENCIES, AssetError, Target, install_wheels

CONFIG = Path("events/forwarder.toml")
SOURCES = Path("lambda_src/capture_forwarder")
# Lambda's platform with the Python of this machine.
FOREIGN = Target(Target.here().python, "aarch64-manylinux2014")
UNCHECKED_HASH = 0b01  # https://peps.python.org/pep-0552/


@pytest.fixture(scope="module")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the asset once."""
    folder = tmp_path_factory.mktemp("asset")
    build_asset(folder, CONFIG, FOREIGN)
    return folder


def files(folder: Path) -> set[str]:
    """Return the paths of all files in `folder`."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def sources(folder: Path) -> set[str]:
    """Return the paths of all files in `folder` but bytecode."""
    return {path for path in files(folder) if not path.endswith(".pyc")}


def recorded(folder: Path) -> set[str]:
    """Return the paths of all files in the records of the distributions in `folder`."""
    records = (record.read_text(encoding="utf-8").splitlines() for record in folder.glob("*.dist-info/RECORD"))
    return {path for lines in records for path, *_ in csv.reader(lines)}


def test_it_holds_the_package_the_locked_dependencies_the_configuration_and_nothing_else(
    asset: Path, tmp_path: Path
) -> None:
    """No other file of the repository is deployed."""
    install_wheels(DEPENDENCIES, tmp_path, FOREIGN)
    package = {f"capture_forwarder/{path}" for path in sources(SOURCES) - {"py.typed"}}  # that is for type checkers
    assert sources(asset) - recorded(tmp_path) == package | {"forwarder.json"}
    for path in package:
        assert (asset / path).read_bytes() == (SOURCES.parent / path).read_bytes()
    assert msgspec.json.decode((asset / "forwarder.json").read_bytes(), type=Settings) == read_settings(CONFIG)


def test_only_modules_of_the_package_are_copied(tmp_path: Path) -> None:
    """Editors, version control, notebooks and people leave other files beside them, some with secrets."""
    package, copied = tmp_path / "package", tmp_path / "asset" / "package"
    modules = {"__init__.py", "handler.py", "aws/__init__.py", "aws/s3.py"}
    strays = {
        *(".env", "handler.py~", ".handler.py.swp", "#handler.py#", ".#handler.py", "handler.py.orig", "notes.txt"),
        *("handler (copy).py", "trial.ipynb", ".ipynb_checkpoints/handler.py", "aws/__pycache__/s3.cpython-313.pyc"),
        *("data/token.json", "aws/Thumbs.db"),
    }
    for name in modules | strays:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(name, encoding="utf-8")
    copy_modules(package, copied)
    assert {path.relative_to(copied).as_posix(): path.read_text(encoding="utf-8") for path in copied.rglob("*.*")} == {
        name: name for name in modules
    }


def test_it_holds_every_locked_distribution_in_the_locked_version(asset: Path) -> None:
    """The lock decides the versions, not the package index."""
    locked = re.findall(r"^([a-z0-9-]+)==([^ ]+) ", DEPENDENCIES.read_text(encoding="utf-8"), re.MULTILINE)
    held = (path.name.removesuffix(".dist-info") for path in asset.glob("*.dist-info"))
    assert sorted(held) == sorted(f"{name.replace('-', '_')}-{version}" for name, version in locked)


def test_only_files_that_no_import_reaches_are_left_out_of_a_dependency(asset: Path, tmp_path: Path) -> None:
    """Every module of every dependency is there, byte for byte, except tests."""
    install_wheels(DEPENDENCIES, tmp_path, FOREIGN)
    packaged = (path for path in recorded(tmp_path) if not path.startswith("bin/"))
    modules = {path for path in packaged if path.endswith((".py", ".so", ".pem"))}
    left_out = {path for path in modules if not (asset / path).exists()}
    assert [path for path in left_out if "/tests/" not in path] == []
    for path in modules - left_out:
        assert (asset / path).read_bytes() == (tmp_path / path).read_bytes()


def test_botocore_has_the_data_of_the_services_in_use_and_no_other(asset: Path) -> None:
    """Every client of the package finds its data whole; the data of hundreds of other services is left out."""
    services = {path.name for path in (asset / "botocore" / "data").iterdir() if path.is_dir()}
    assert services == {"dynamodb", "s3", "secretsmanager", "sqs", "ssm", "sts"}
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    made = set(re.findall(r'\.client\("(\w+)"', text))
    assert {"dynamodb", "s3", "sqs"} <= made <= services
    for service in services:
        assert list((asset / "botocore" / "data" / service).glob("*/service-2.json*"))
    assert not list(asset.glob("botocore/data/*/*/examples*"))


def test_files_that_differ_between_installations_are_left_out(asset: Path) -> None:
    """Scripts name the interpreter that installed them, and records have their hashes."""
    odd = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", ".lock"}
    assert {path for path in files(asset) if Path(path).name in odd or path.startswith("bin/")} == set()


def test_two_builds_have_the_same_bytes_in_any_folder_for_any_user(
    asset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder, the umask and the network make no difference."""
    other = tmp_path / "a" / "much" / "deeper" / "place"
    other.mkdir(parents=True)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    mask = os.umask(0o077)
    try:
        build_asset(other, CONFIG, FOREIGN)
    finally:
        os.umask(mask)
    assert files(other) == files(asset)
    for path in files(asset):
        assert (other / path).read_bytes() == (asset / path).read_bytes(), path
    # The zip file keeps the modes, and the function runs as another user.
    assert {path.stat().st_mode & 0o777 for path in other.rglob("*")} == {0o755, 0o644}


def test_every_module_has_bytecode_that_depends_on_no_clock(asset: Path) -> None:
    """Python loads it unchecked, and tracebacks have the paths of the platform."""
    tag = sys.implementation.cache_tag
    for module in (path for path in asset.rglob("*.py")):
        bytecode = (module.parent / "__pycache__" / f"{module.stem}.{tag}.pyc").read_bytes()
        assert struct.unpack("<I", bytecode[4:8]) == (UNCHECKED_HASH,), module
        assert f"/var/task/{module.relative_to(asset)}".encode() in bytecode
        assert str(asset).encode() not in bytecode


def test_the_asset_is_far_smaller_than_its_limit(asset: Path) -> None:
    """Lambda takes 250 MB."""
    assert sum((asset / path).stat().st_size for path in files(asset)) < 25_000_000 < MAX_BYTES == 60_000_000


def test_an_asset_above_the_limit_is_refused(tmp_path: Path) -> None:
    """The check measures the files that would be uploaded."""
    big, folder = tmp_path / "big.toml", tmp_path / "asset"
    (tmp_path / "big.pem").write_bytes(Path(certifi.where()).read_bytes() + b"x" * MAX_BYTES)
    text = CONFIG.read_text(encoding="utf-8")
    big.write_text(text.replace("[[destination]]", '[[destination]]\nca_bundle = "big.pem"', 1), encoding="utf-8")
    with pytest.raises(
        AssetError, match=r"has [78]\d,\d{3},\d{3} bytes, more than 60,000,000; see which dependency grew"
    ):
        build_asset(folder, big, FOREIGN)


def test_the_certificates_of_a_destination_are_deployed(tmp_path: Path) -> None:
    """The deployed settings name the file in the asset, whatever its name and folder were."""
    (tmp_path / "ca").mkdir()
    shutil.copy(certifi.where(), tmp_path / "ca" / "private.pem")
    text = CONFIG.read_text(encoding="utf-8")
    config, folder = tmp_path / "forwarder.toml", tmp_path / "asset"
    config.write_text(
        text.replace("[[destination]]", '[[destination]]\nca_bundle = "ca/private.pem"'), encoding="utf-8"
    )
    build_asset(folder, config, FOREIGN)
    (destination,) = msgspec.json.decode((folder / "forwarder.json").read_bytes(), type=Settings).destination
    assert destination.ca_bundle == "ca-bundle-0.pem"
    assert (folder / destination.ca_bundle).read_bytes() == Path(certifi.where()).read_bytes()


def test_without_an_interpreter_the_asset_is_built_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The warning names the cost and the remedy, on standard error: standard output belongs to the CDK."""
    other = "3.12" if Target.here().python == "3.13" else "3.13"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path))
    assert interpreter(other) is None
    folder = tmp_path / "asset"
    build_asset(folder, CONFIG, Target(other, "aarch64-manylinux2014"))
    assert not list(folder.rglob("*.pyc"))
    assert {"forwarder.json", "capture_forwarder/entry.py"} < files(folder)
    out, error = capfd.readouterr()
    assert out == ""
    assert f"WITHOUT BYTECODE: this machine has no Python {other}" in error
    assert "every cold start takes more than twice as long" in error
    assert f"Install Python {other} (`uv python install {other}`, or any python{other} on the PATH)" in error


def test_a_file_with_the_name_of_another_version_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file named python3.x may be another version, or may not run."""
    for name, text in {
        "python3.98": "#!/bin/sh\nexit 127",
        "python3.99": f'#!/bin/sh\nexec {sys.executable} "$@"',
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert interpreter("3.98") is None
    assert interpreter("3.99") is None
    assert interpreter(Target.here().python) == sys.executable


def test_a_package_without_the_locked_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the lock, the target and the remedy."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(AssetError) as raised:
        install_wheels(lock, tmp_path / "folder", Target("3.13", "aarch64-manylinux2014"))
    message = str(raised.value)
    assert message.startswith("requirements.txt cannot be installed for Python 3.13 on aarch64-manylinux2014:\n")
    assert "six" in message
    assert message.endswith("Run `make setup` once where the package index can be reached; later builds use its cache.")


@pytest.mark.parametrize(
    ("runtime", "architecture", "expected"),
    [
        (PythonRuntime.PYTHON_3_13, Architecture.ARM64, Target("3.13", "aarch64-manylinux2014")),
        (PythonRuntime.PYTHON_3_12, Architecture.X86_64, Target("3.12", "x86_64-manylinux2014")),
        (PythonRuntime.PYTHON_3_14, Architecture.ARM64, Target("3.14", "aarch64-manylinux2014")),
    ],
)
def test_the_configuration_decides_the_target(
    runtime: PythonRuntime, architecture: Architecture, expected: Target
) -> None:
    """Wheels and bytecode fit the runtime and the processor in Lambda."""
    assert Target.of(replace(StackSettings(), runtime=runtime, architecture=architecture)) == expected
