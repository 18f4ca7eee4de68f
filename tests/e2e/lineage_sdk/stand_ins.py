"""A plug-in of pytest that lets the lineage tests of the SDK's version 2 run on version 3.

The tests are in the tree of version 2 only. Their conftest imports modules that version 3 has removed or renamed.
Lineage itself is version 3's own. The other modules have stand-ins here; the tests that would use them need a pipeline
that ran on AWS, and are skipped.
"""

import importlib
import sys
from types import ModuleType

import boto3
import pytest
from sagemaker.core.common_utils import retry_with_backoff
from sagemaker.core.helper.session_helper import Session, get_execution_role

_LINEAGE = ("action", "artifact", "association", "context", "lineage_trial_component", "query", "visualizer")
_NEEDS_A_PIPELINE = "static_pipeline_execution_arn"
_LOAD_TEST = "visualizer load test"


def _module(name: str, **members: object) -> None:
    made = ModuleType(name)
    made.__dict__.update(members)
    made.__path__ = []
    sys.modules[name] = made


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Put the modules in their old places, before the conftest imports them."""
    lineage = importlib.import_module("sagemaker.core.lineage")
    sys.modules["sagemaker.lineage"] = sys.modules["sagemaker"].__dict__["lineage"] = lineage
    for name in _LINEAGE:
        module = importlib.import_module(f"sagemaker.core.lineage.{name}")
        sys.modules[f"sagemaker.lineage.{name}"] = module
    _module("sagemaker.utils", retry_with_backoff=retry_with_backoff)
    _module("sagemaker.session", get_execution_role=get_execution_role)
    _module("sagemaker.model", ModelPackage=None)
    _module("sagemaker.workflow")
    _module("sagemaker.workflow.pipeline", _PipelineExecution=None)
    _module("tests.integ.sagemaker.workflow")
    _module("tests.integ.sagemaker.workflow.test_workflow", test_end_to_end_pipeline_successful_execution=None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests that need a pipeline that ran on AWS. Run both load tests, although AWS skips them."""
    for item in items:
        if _NEEDS_A_PIPELINE in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip("needs a pipeline that ran on AWS"))
        item.own_markers = [mark for mark in item.own_markers if _LOAD_TEST not in mark.args]


@pytest.fixture(scope="session")
def sagemaker_session() -> Session:
    """Give the session that the SDK's own conftest gives: of the default region."""
    return Session(boto_session=boto3.Session())
