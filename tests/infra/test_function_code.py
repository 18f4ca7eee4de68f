"""The function's code as a CDK asset: bundled only where a command needs it, and named by its content."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_

from capture_forwarder.configuration.reader import read_settings
from infra.bundling.asset import build_asset
from infra.bundling.code import PLATFORM_VARIABLE, chosen_target, function_code, registration_code
from infra.bundling.wheels import DEPENDENCIES, AssetError, Target

CONFIG = Path("events/forwarder.toml")
BIN = Path(sys.prefix) / "bin"


def synthesised(folder: Path, context: dict[str, Any] | None = None) -> tuple[str, Path | None]:
    """Return the S3 key of the function's code and, if it was staged, where it lies."""
    app = cdk.App(outdir=str(folder), context=context)
    stack = cdk.Stack(app, "Test")
    code = function_code(read_settings(CONFIG), CONFIG)
    lambda_.Function(stack, "F", runtime=lambda_.Runtime.PYTHON_3_13, handler="x.y", code=code)
    template: dict[str, Any] = app.synth().get_stack_by_name("Test").template
    (function,) = (one for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function")
    return function["Properties"]["Code"]["S3Key"], next(folder.glob("asset.*"), None)


def content(folder: Path) -> dict[Path, bytes]:
    """Return the content of every file in `folder`."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_asset_is_named_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two synths in two folders stage the same asset under the same name."""
    monkeypatch.setenv(PLATFORM_VARIABLE, "local")
    key, staged = synthesised(tmp_path / "one")
    assert staged is not None
    assert key == staged.name.removeprefix("asset.") + ".zip"
    build_asset(tmp_path / "asset", CONFIG, Target.here())
    assert content(staged) == content(tmp_path / "asset")
    assert synthesised(tmp_path / "two")[0] == key


def test_the_asset_has_neither_commands_nor_integrations(tmp_path: Path) -> None:
    """DataHub and the source for it are for operators. The function needs none of them."""
    build_asset(tmp_path / "asset", CONFIG, Target.here())
    folders = {path.name for path in (tmp_path / "asset").iterdir()}
    assert "capture_forwarder" in folders
    assert folders.isdisjoint({"capture_ops", "integrations", "datahub"})


def test_a_command_without_need_for_the_code_bundles_nothing(tmp_path: Path) -> None:
    """`cdk list` sets this context."""
    _, staged = synthesised(tmp_path, {"aws:cdk:bundling-stacks": []})
    assert staged is None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, Target("3.13", "aarch64-manylinux2014")),
        ("", Target("3.13", "aarch64-manylinux2014")),
        ("local", Target.here()),
    ],
)
def test_the_environment_can_choose_this_machine_as_the_target(
    monkeypatch: pytest.MonkeyPatch, asked: str | None, expected: Target
) -> None:
    """An emulator runs functions with the Python of this machine."""
    if asked is not None:
        monkeypatch.setenv(PLATFORM_VARIABLE, asked)
    assert chosen_target(read_settings(CONFIG)) == expected


def test_an_unknown_platform_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt platform is an error, not a deployment."""
    monkeypatch.setenv(PLATFORM_VARIABLE, "x86")
    with pytest.raises(AssetError, match='CAPTURE_FORWARDER_ASSET_PLATFORM=x86: write "local", or leave it out'):
        chosen_target(read_settings(CONFIG))


def test_a_failed_bundling_is_a_sentence_with_the_remedy(tmp_path: Path) -> None:
    """Such as on a machine that has no wheels yet and cannot reach the package index."""
    offline = os.environ | {"UV_CACHE_DIR": str(tmp_path), "UV_OFFLINE": "1"}
    ran = subprocess.run([BIN / "python", "app.py"], env=offline, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    assert ran.returncode == 1
    assert "Run `make setup` once where the package index can be reached" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_cdk_command_is_the_pinned_version_and_needs_no_installed_node(tmp_path: Path) -> None:
    """`make setup` installs the command and its Node."""
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    ran = subprocess.run(  # noqa: S603 - our own command
        [BIN / "cdk", "--version"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    pinned = json.loads(Path("package.json").read_text(encoding="utf-8"))["devDependencies"]["aws-cdk"]
    assert ran.stdout.split()[0] == pinned == "2.1148.1"


@pytest.mark.parametrize(
    "lock",
    [
        *(path for path in sorted(Path("requirements").rglob("*")) if path.is_file()),
        DEPENDENCIES,
        Path("package-lock.json"),
    ],
)
def test_no_lock_names_a_host(lock: Path) -> None:
    """Hashes fix the packages; the machine chooses the index."""
    assert "://" not in lock.read_text(encoding="utf-8")


def test_the_two_functions_have_assets_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CDK takes two assets for one if they have the same source and the same options."""
    monkeypatch.setenv(PLATFORM_VARIABLE, "local")
    assert registration_code(read_settings(CONFIG)) is None
    settings = read_settings(Path("examples/lineage.toml"))
    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "Test")
    for name, code in (("One", function_code(settings, CONFIG)), ("Two", registration_code(settings))):
        assert code
        lambda_.Function(stack, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="x.y", code=code)
    app.synth()
    held = [{path.name for path in asset.iterdir()} for asset in tmp_path.glob("asset.*")]
    assert len(held) == 2
    assert sum("integrations" in names for names in held) == 1
    assert sum("forwarder.json" in names for names in held) == 1
