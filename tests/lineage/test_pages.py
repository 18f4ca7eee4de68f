"""Every code block of both pages of the documentation runs, after only its imports are changed.

The pages are not in this repository: CAPTURE_FORWARDER_LINEAGE_PAGES names their folder, by default ../shared/seeds
beside the repository. Without them these tests are skipped. ModelTrainer, which trains, is a stand-in.
"""

import ast
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import boto3
import pytest
from moto import mock_aws

from integrations.lineage import Lineage, classes
from integrations.lineage.graph import Details, Kind, Vertex
from tests.lineage.in_memory import InMemory
from tests.lineage_fake.plugin import lineage_fake

FOLDER = Path(os.environ.get("CAPTURE_FORWARDER_LINEAGE_PAGES", Path(__file__).parents[3] / "shared" / "seeds"))
REFERENCE, USE_CASES = (sorted(FOLDER.glob(name)) for name in ("001_*.txt", "002_*.txt"))
pytestmark = pytest.mark.skipif(not (REFERENCE and USE_CASES), reason=f"the two pages are not in {FOLDER}")
_CLASSES = "integrations.lineage.classes"
_IMPORTS = (
    (r"from sagemaker\.core\.lineage(\.\w+)? import", f"from {_CLASSES} import"),
    (r"from sagemaker\.lineage(\.\w+)? import", f"from {_CLASSES} import"),
    (r"from sagemaker\.core\.helper\.session_helper import", f"from {_CLASSES} import"),
    (r"^import sagemaker$", f"import {_CLASSES} as sagemaker"),
)
_BEGINS = re.compile(r"(from|import|class|#) ?\w*")
# The ARNs that the reference uses, and creates nowhere.
GIVEN_ARNS = ("abc123", "production-model", "model-abc")
_LONGEST = 60


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return all code blocks of a page, each with the last line before it. The page does not mark them."""
    paragraphs = re.split(r"\n[ \t]*\n", page.read_text(encoding="utf-8"))
    found = []
    at = 0
    while at < len(paragraphs):
        ends = range(min(len(paragraphs), at + _LONGEST), at, -1)
        end = next((end for end in ends if _is_code(paragraphs[at:end])), at)
        if end > at:
            before = paragraphs[at - 1].strip().split("\n")[-1]
            found += [(before, code) for code in _parts("\n\n".join(paragraphs[at:end]).strip("\n"))]
        at = max(end, at + 1)
    return found


def _is_code(paragraphs: list[str]) -> bool:
    """Return whether paragraphs begin as code does, and are Python."""
    first = paragraphs[0].strip("\n")
    if not _BEGINS.match(first) or "\u2022" in first:
        return False
    try:
        ast.parse("\n\n".join(paragraphs).strip("\n"))
    except SyntaxError:
        return False
    return True


def _parts(code: str) -> Iterator[str]:
    """Yield the classes and the examples of a block, without the headings, of which some are Python too."""
    lines = code.split("\n")
    example: list[str] = []
    for node in ast.parse(code).body:
        text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.ClassDef):
            if example:
                yield "\n".join(example)
            example = []
            yield text
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Name | ast.BoolOp)):
            example.append(text)
    if example:
        yield "\n".join(example)


def ours(code: str) -> str:
    """Return a block with its imports changed."""
    for pattern, replacement in _IMPORTS:
        code = re.sub(pattern, replacement, code, flags=re.MULTILINE)
    return code


def run(found: list[str], namespace: dict[str, Any]) -> None:
    """Run blocks one after the other."""
    for number, code in enumerate(found):
        exec(compile(ours(code), f"block {number}", "exec"), namespace)  # noqa: S102 - the documentation's own code


@pytest.fixture
def store() -> Iterator[InMemory]:
    """Let the classes use a store in memory, in which the entities exist that the reference does not create."""
    store = InMemory(begin=datetime.now(UTC) - timedelta(hours=1))
    for name in GIVEN_ARNS:
        details = Details(name=name, source_uri=f"s3://given/{name}", properties={"approved": "true"})
        arn = f"arn:aws:sagemaker:us-west-2:123:artifact/{name}"
        store.put(Vertex(arn=arn, kind=Kind.ARTIFACT, type="Model", details=details))
    _train(store, f"arn:aws:sagemaker:us-west-2:123:artifact/{GIVEN_ARNS[-1]}")
    classes.Session(lineage=Lineage(store=store)).use()
    yield store
    classes.session._DEFAULT.clear()


def _train(store: InMemory, model: str) -> None:
    """Add what a model was trained by and on."""
    properties = {"algorithm": "xgboost", "instance_type": "ml.m5.xlarge", "hyperparameters": '{"eta": "0.2"}'}
    training = store.add(Kind.ACTION, "Training", "given-training", properties=properties)
    data = store.add(Kind.ARTIFACT, "Dataset", "given-data")
    store.join(data, training, "ContributedTo")
    store.join(training, model, "Produced")


def given(store: InMemory) -> dict[str, Any]:
    """Return the names that the reference uses, and defines nowhere."""
    artifacts = ("raw_dataset_artifact", "processed_dataset_artifact")
    names: dict[str, Any] = {
        name: classes.Artifact(store.add(Kind.ARTIFACT, "Dataset", name.replace("_", "-"))) for name in artifacts
    }
    for name in ("preprocess_action", "deployment_action"):
        names[name] = classes.Action(store.add(Kind.ACTION, "Processing", name.replace("_", "-")))
    names["previous_model_arn"] = store.add(Kind.ARTIFACT, "Model", "previous")
    stand_ins = {name: MagicMock() for name in ("ModelTrainer", "Compute", "InputData")}
    return names | stand_ins | {"json": __import__("json")}


def test_the_reference(store: InMemory, capsys: pytest.CaptureFixture[str]) -> None:
    """All its examples run as one program."""
    examples = [code for _, code in blocks(REFERENCE[0]) if not code.startswith("class ")]
    assert len(examples) == 11
    run(examples, given(store))
    printed = capsys.readouterr().out
    assert "Found 0 dataset artifacts" in printed
    assert "Dataset used in 1 training jobs" in printed
    assert "Recent pipelines:\n  customer-churn-pipeline-v1: production" in printed
    assert re.search(r"\| Artifact +\| churn-model-v1 ", printed)
    # SageMaker takes no dot in a name.
    assert re.search(r"customer-churn-model-v2-0-\w{8}: accuracy=0.89, approved=pending", printed)
    assert '"algorithm": "xgboost"' in printed
    assert '"dataset_uri": "s3://bucket/given-data"' in printed
    assert "WARNING: Model not approved for production!" in printed


def test_the_reference_names_only_what_exists() -> None:
    """Each of its classes, with each method and argument that it lists, is in ours."""
    signatures = [code for _, code in blocks(REFERENCE[0]) if code.startswith("class ")]
    names = [ast.parse(code).body[0].name for code in signatures]  # type: ignore[attr-defined] # they are classes
    assert len(names) == 9
    assert set(names) <= set(classes.__all__)
    for name, code in zip(names, signatures, strict=True):
        for method in re.findall(r"^        (\w+)\(", code, re.MULTILINE):
            assert hasattr(getattr(classes, name), method), f"{name}.{method}"
        for value in re.findall(r"^        ([A-Z]+) = ", code, re.MULTILINE):
            assert value in getattr(classes, name).__members__


@pytest.mark.parametrize(("version", "count"), [("V2 (Legacy):", 9), ("V3:", 9)])
def test_the_use_cases(version: str, count: int) -> None:
    """They run in their order against the fake, and leave nothing behind."""
    found = [code for before, code in blocks(USE_CASES[0]) if before == version]
    assert len(found) == count
    with mock_aws(), lineage_fake() as fake:
        run(found, {})
        classes.session._DEFAULT.clear()
        counts = fake.counts
        assert not list(boto3.client("sagemaker").list_associations()["AssociationSummaries"])
    creations = [name for name in counts.elements() if name.startswith("Create")]
    assert (len(creations), counts["AddAssociation"]) == (5, 4)
    assert (counts["DeleteAssociation"], counts["DeleteArtifact"]) == (4, 3)
