"""Every command in a page is run by a test, or is in a list with the reason why no test can run it."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.session import get_session

PAGES = [
    *(Path(name) for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")),
    *sorted(Path("docs").rglob("*.md")),
    *sorted(Path("tests").rglob("*.md")),
]
PAGE_RUNNERS = {"README.md": "tests/docs/test_readme.py", "docs/tutorial.md": "tests/docs/test_tutorial.py"}
# The tests that run a subcommand against AWS on loopback. A page names buckets and keys that only its reader has.
RUN_BY = {
    "catalog": "tests/catalog/test_policy.py",
    "backfill": "tests/contracts/test_backfill.py",
    "costs": "tests/observability/test_costing.py",
    "dashboards": "tests/observability/test_dashboards_command.py",
    "enable-eventbridge": "tests/contracts/test_enable_eventbridge.py",
    "endpoints": "tests/contracts/test_endpoints.py",
    "inspect": "tests/contracts/test_inspect.py",
    "lineage": "tests/lineage/test_asking_commands.py",
    "policy": "tests/contracts/test_policy.py",
    "quarantine": "tests/contracts/test_quarantine_command.py",
    "replay": "tests/contracts/test_replay_command.py",
    "sumo": "tests/observability/sumo/conftest.py",
    "bootstrap": "tests/e2e/deployment.py",
    "deploy": "tests/e2e/deployment.py",
}
NOT_RUN = {
    r"aws \S+": "needs an account; the test below checks service, operation and options",
    r"for name in .*aws iam create-policy": "needs an account; infra/limits/test_execution_policy.py checks the files",
    r"\.venv/bin/cdk import": "needs a stack that was destroyed in an account",
    r"git clone|cd capture-forwarder": "needs the address of the repository; CI checks it out",
    r"git -C ../sdk|make e2e LINEAGE": "needs AWS's repository; tests/e2e/test_lineage_sdk.py runs its checks where they lie",
    r"mkdir policies|sed -i": "a test below runs them together",
    r"python -m venv /tmp/numpy|/tmp/numpy/": "downloads NumPy, which the project does not need",
    r"pip install '\.\[catalog\]'": "installs DataHub; tests/catalog/datahub runs in .venv-catalog, which has it",
    r"\.venv-catalog/bin/": "tests/catalog/datahub/test_tools.py runs it there",
    r"datahub ingest": "tests/catalog/datahub/test_tools.py runs it in .venv-catalog",
    r"make (setup|demo|demo-stack|fmt|check|test|bench)$": "set-up, or a part of CI; test_project_files.py checks targets",
}
# Options of the AWS CLI for any operation, and its own commands that no operation stands for.
GLOBAL_OPTIONS = {"query", "output", "cli-input-json"}
RENAMED_OPTIONS = {"notification-endpoint": "endpoint"}  # `--endpoint` would be a beginning of `--endpoint-url`
OWN_COMMANDS = {("s3", "ls"), ("s3", "rm"), ("s3", "cp"), ("logs", "tail")}


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of one language, also those inside a list."""
    return re.findall(rf"^ *```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def typed(page: Path) -> list[str]:
    """Return the commands that a reader types at the prompts of a page; a command may have several lines."""
    prompts = [re.split(r"^ *\$ ", block, flags=re.MULTILINE)[1:] for block in blocks(page, "console")]
    return [" ".join(command.replace("\\\n", " ").split()) for block in prompts for command in block]


def scripted(page: Path) -> list[str]:
    """Return the lines of the blocks that a page's own test runs."""
    return [line.strip() for block in blocks(page, "sh") for line in block.splitlines() if line.strip()]


COMMANDS = sorted(
    {command for page in PAGES for command in typed(page)}
    | {command for page in PAGES if str(page) not in PAGE_RUNNERS for command in scripted(page)}
)
AWS_COMMANDS = sorted(
    {command for command in COMMANDS if command.startswith("aws ")}
    | {
        " ".join(command.split())
        for page in PAGES
        for command in re.findall(r"`(aws [a-z0-9-]+ [a-z][^`|]*)`", page.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_run_by_a_test_or_listed(command: str) -> None:
    """A new command in a page needs an entry in one of the two lists."""
    if any(re.match(pattern, command) for pattern in NOT_RUN):
        return
    program, subcommand = shlex.split(command)[:2]
    assert program in {".venv/bin/capture-forwarder", ".venv/bin/cdk"}
    assert f'"{subcommand}"' in Path(RUN_BY[subcommand]).read_text(encoding="utf-8")


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_no_listed_reason_is_left_over(pattern: str) -> None:
    """An entry without a command is removed."""
    assert any(re.match(pattern, command) for command in COMMANDS)


@pytest.mark.parametrize(("page", "test"), PAGE_RUNNERS.items())
def test_a_page_with_a_script_has_a_test(page: str, test: str) -> None:
    """The test reads the page, and finds commands in it."""
    assert page in Path(test).read_text(encoding="utf-8")
    assert len(scripted(Path(page))) > 5


@pytest.mark.parametrize("command", AWS_COMMANDS)
def test_an_aws_command_has_an_operation_and_its_options(command: str) -> None:
    """By the models of botocore, from which the AWS CLI makes its commands."""
    _, service, operation, *words = shlex.split(command)
    if (service, operation) in OWN_COMMANDS:
        return
    session = get_session()
    try:
        model = session.get_service_model(service)
    except UnknownServiceError:
        model = session.get_service_model(service.removesuffix("api"))
    (name,) = [each for each in model.operation_names if xform_name(each, "-") == operation]
    shape = model.operation_model(name).input_shape
    known = {xform_name(member, "-") for member in (shape.members if shape else ())} | GLOBAL_OPTIONS
    given = {word.removeprefix("--") for word in words if word.startswith("--")}
    options = {RENAMED_OPTIONS.get(option, option) for option in given}
    assert {option for option in options if option not in known and option.removeprefix("no-") not in known} == set()


def test_the_policies_are_copied_with_the_names_of_the_reader(tmp_path: Path) -> None:
    """The two commands of `docs/deploy.md` leave no name of the example."""
    (tmp_path / "docs").symlink_to(Path("docs").resolve())
    for command in typed(Path("docs/deploy.md")):
        if command.startswith(("mkdir policies", "sed -i")):
            subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)  # noqa: S603, S607 - our own page
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "policies").iterdir()]
    assert len(written) > 3
    assert not any("123456789012" in text for text in written)
    assert any("STACK" in text for text in written)
