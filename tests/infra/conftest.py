"""Stacks, made once for all tests: starting the CDK takes longer than all assertions."""

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from infra.node import choose_node
from tests.infra.examples import DEFAULT, EXAMPLES

Template = dict[str, Any]


def pytest_configure() -> None:
    """Choose the Node of `make setup` and the feature flags of `cdk.json`, before a test imports the CDK."""
    choose_node()
    flags = json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"]
    os.environ["CDK_CONTEXT_JSON"] = json.dumps(flags)


class Stacks:
    """Templates of configurations, each made once, without bundling the function."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Path, Template] = {}

    def template(self, config: Path | str, stack: str = "Forwarder") -> Template:
        """Return the template of a configuration: its path, or its text. `stack` may be "Observability"."""
        file = self.template_file(config if isinstance(config, Path) else self._written(config), stack)
        if file not in self._made:
            self._made[file] = json.loads(file.read_text(encoding="utf-8"))
        return self._made[file]

    def example(self, name: str) -> Template:
        """Return the template of an example."""
        return self.template(EXAMPLES[name])

    def template_file(self, config: Path, stack: str = "Forwarder") -> Path:
        """Return the path of the template of a configuration file; `stack` may be "Observability"."""
        from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415 - it starts Node, and few test runs need it

        from infra.application import build_app  # noqa: PLC0415 - as above

        file = self._folder / f"{config.stem}.{stack}.template.json"
        if not file.exists():
            assembly = build_app(config, code=lambda_.Code.from_inline("# not bundled")).synth()
            for made in assembly.stacks:
                shutil.copyfile(made.template_full_path, self._folder / f"{config.stem}.{made.id}.template.json")
            shutil.rmtree(assembly.directory)
        return file

    def _written(self, text: str) -> Path:
        path = self._folder / f"{sha256(text.encode()).hexdigest()[:16]}.toml"
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    """Return the stacks of this test run."""
    return Stacks(tmp_path_factory.mktemp("stacks"))


@pytest.fixture
def default(stacks: Stacks) -> Template:
    """Return the template of `forwarder.toml` at the root."""
    return stacks.template(DEFAULT)
