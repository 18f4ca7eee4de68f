"""The parts of the ARN of a lineage entity: its kind, its account and its id."""

import re

from integrations.lineage.graph import Kind

_KINDS = {
    "artifact": Kind.ARTIFACT,
    "action": Kind.ACTION,
    "context": Kind.CONTEXT,
    "experiment-trial-component": Kind.TRIAL_COMPONENT,
}
# Associations between two of them are not allowed.
_EXPERIMENTS = {"experiment", "experiment-trial", "experiment-trial-component"}
# Every entity that an association may join, from botocore's model of AddAssociation.
_ASSOCIABLE = re.compile(
    r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:"
    r"(experiment|experiment-trial-component|artifact|action|context)/.*"
)


def is_arn(text: str) -> bool:
    """Return whether `text` is an ARN of any service."""
    return text.startswith("arn:") and text.count(":") >= 5  # noqa: PLR2004 - the parts of an ARN


def kind_of(arn: str) -> Kind | None:
    """Return the kind of the entity; `None` if the ARN is not one of a lineage entity."""
    return _KINDS.get(_resource(arn)) if is_arn(arn) else None


def is_experiment(arn: str) -> bool:
    """Return whether the ARN names an experiment, a trial or a trial component."""
    return is_arn(arn) and _resource(arn) in _EXPERIMENTS


def is_associable(arn: str) -> bool:
    """Return whether SageMaker accepts the ARN as an end of an association."""
    return _ASSOCIABLE.fullmatch(arn) is not None


def account_of(arn: str) -> str:
    """Return the account of an ARN."""
    return arn.split(":")[4]


def id_of(arn: str) -> str:
    """Return the last part of an ARN: the id of an artifact, and of other entities the name, maybe in lower case."""
    return arn.rsplit("/", 1)[-1]


def _resource(arn: str) -> str:
    return arn.split(":", 5)[5].split("/", 1)[0]
