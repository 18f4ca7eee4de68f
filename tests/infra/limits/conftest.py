"""Many stacks in one app: each is made once."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

Templates = dict[str, dict[str, Any]]


class Made:
    """Makes the templates of several configurations at once."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders

    def __call__(self, texts: Mapping[str, str]) -> Templates:
        """Return the template of each configuration. Raises `SettingsError` for one that is refused."""
        import aws_cdk as cdk  # noqa: PLC0415 - it starts Node, and few test runs need it
        from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415 - as above

        from capture_forwarder.configuration.reader import parse_settings  # noqa: PLC0415 - as above
        from infra.application import deployment_problems  # noqa: PLC0415 - as above
        from infra.stacks.forwarder_stack import ForwarderStack  # noqa: PLC0415 - as above

        folder = self._folders.mktemp("limits")
        app = cdk.App(outdir=str(folder))
        for name, text in texts.items():
            settings = parse_settings(text, name, deployment_problems)
            ForwarderStack(app, name, settings=settings, code=lambda_.Code.from_inline("# not bundled"))
        app.synth()
        return {name: json.loads((folder / f"{name}.template.json").read_text(encoding="utf-8")) for name in texts}


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return a function from configurations to templates."""
    return Made(tmp_path_factory)
