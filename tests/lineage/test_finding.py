"""Entities by their name or source: all are listed where several have it."""

import pytest

from capture_ops.lineage import Lineage as OfCommands
from integrations.lineage import Lineage
from integrations.lineage.errors import (
    Invalid,
    NotFound,
)
from integrations.lineage.finding.listing import Selection
from integrations.lineage.graph import Kind
from tests.lineage.in_memory import ACCOUNT, InMemory

ARN = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:"
TRIAL = f"{ARN}experiment-trial-component/t-aws-training-job"


def test_names_of_several_entities(store: InMemory, lineage: Lineage) -> None:
    """All are listed, and none is guessed."""
    store.add(Kind.ACTION, "Training", "twice")
    store.add(Kind.CONTEXT, "Pipeline", "twice")
    with pytest.raises(Invalid, match=r"twice names 2 entities(?s:.*)action/twice\n.*context/twice"):
        lineage.get("twice")
    assert lineage.get("twice", Kind.CONTEXT).kind == Kind.CONTEXT
    with pytest.raises(NotFound, match=r"No entity of lineage has .* nobody"):
        lineage.find("nobody")


def test_entities_by_source(store: InMemory, lineage: Lineage) -> None:
    """A URI is tried with and without the final /; an ARN of a job or endpoint is a source too."""
    store.add(Kind.ARTIFACT, "DataSet", source_uri="s3://bucket/train/")
    store.add(Kind.CONTEXT, "Endpoint", "e", source_uri=f"{ARN}endpoint/churn")
    store.add(Kind.TRIAL_COMPONENT, "SageMakerTrainingJob", "t", source_uri=f"{ARN}training-job/t")
    assert lineage.get("s3://bucket/train").arn == lineage.get("s3://bucket/train/").arn
    assert lineage.get(f"{ARN}endpoint/churn").kind == Kind.CONTEXT
    assert lineage.get(f"{ARN}training-job/t").kind == Kind.TRIAL_COMPONENT


def test_empty_filters_of_a_list_are_refused(store: InMemory) -> None:
    """For programs as well, all at once and before a call."""
    with pytest.raises(Invalid, match="the type is empty\nthe source URI is empty"):
        list(Lineage(store=store).list(Kind.ARTIFACT, Selection(type="", source_uri=" ")))
    assert not store.calls


def test_texts_that_name_no_entity_are_refused(store: InMemory) -> None:
    """For programs as well, all at once and before a call."""
    with pytest.raises(Invalid, match="an ARN, name or URI is empty\n'a b' is no ARN"):
        Lineage(store=store).query([" ", "a b"])
    assert not store.calls


def test_lineage_is_imported_from_the_commands_too() -> None:
    """It is the same class."""
    assert OfCommands is Lineage
