"""DataHub's own stubs as a table: `sagemaker-responses.json`, and two endpoint configurations of ours."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tests.catalog.table import Document, Table

FOLDER = Path(__file__).parent / "stubs"
GOLDEN = FOLDER / "sagemaker-golden-2022.json"
ORIGINAL = FOLDER / "original.json"
REGION = "us-west-2"
_JOBS = {
    "auto_ml": ("ListAutoMLJobs", "DescribeAutoMLJobV2"),
    "compilation": ("ListCompilationJobs", "DescribeCompilationJob"),
    "hyper_parameter_tuning": ("ListHyperParameterTuningJobs", "DescribeHyperParameterTuningJob"),
    "labeling": ("ListLabelingJobs", "DescribeLabelingJob"),
    "processing": ("ListProcessingJobs", "DescribeProcessingJob"),
    "training": ("ListTrainingJobs", "DescribeTrainingJob"),
    "transform": ("ListTransformJobs", "DescribeTransformJob"),
}
_LISTS = {
    "ListFeatureGroups": "list_feature_groups_response",
    "ListActions": "list_actions_response",
    "ListArtifacts": "list_artifacts_response",
    "ListContexts": "list_contexts_response",
    "ListEndpoints": "list_endpoints_response",
    "ListModelPackageGroups": "list_groups_response",
    "ListModels": "list_models_response",
    "DescribeModelPackageGroup": "describe_group_response",
}
_DESCRIBED = {
    "describe_feature_group_response": ("DescribeFeatureGroup", "FeatureGroupName", 3),
    "describe_endpoint_response": ("DescribeEndpoint", "EndpointName", 2),
    "describe_model_response": ("DescribeModel", "ModelName", 2),
}


def stub_table() -> Table:
    """Return a table with the stubs' answers. Operations that the stubs lack have no entities."""
    stubs = _times(json.loads((FOLDER / "sagemaker-responses.json").read_text()))
    table = Table()
    for operation, key in _LISTS.items():
        table.answers[operation] = partial(_always, stubs[key])
    for kind, (listed, described) in _JOBS.items():
        table.answers[listed] = partial(_always, stubs["job_stubs"][kind]["list"])
        table.answers[described] = partial(_always, _second_version(stubs["job_stubs"][kind]["describe"], kind))
    for key, (operation, name, count) in _DESCRIBED.items():
        answers = {stubs[f"{key}_{number}"][name]: stubs[f"{key}_{number}"] for number in range(1, count + 1)}
        table.answers[operation] = partial(_by_name, answers, name)
    associations = [each for key, each in stubs.items() if key.endswith(("_incoming_response", "_outgoing_response"))]
    table.answers["ListAssociations"] = partial(_associations, associations)
    table.answers["ListTags"] = partial(_always, {"Tags": []})
    table.answers["DescribeEndpointConfig"] = _our_configs(table)
    return table


def _our_configs(table: Table) -> Any:
    """Name a configuration for each endpoint, and answer it. The stubs have the name "string". These two are ours."""
    described = table.answers["DescribeEndpoint"]
    table.answers["DescribeEndpoint"] = lambda asked: {
        **described(asked),
        "EndpointConfigName": f"{asked['EndpointName']}-config",
    }
    models = {"the-first-endpoint-config": "the-first-model", "the-second-endpoint-config": "the-second-model"}
    return lambda asked: {
        "EndpointConfigName": asked["EndpointConfigName"],
        "ProductionVariants": [{"VariantName": "string", "ModelName": models[asked["EndpointConfigName"]]}],
    }


def _always(answer: Document, _: Document) -> Document:
    return dict(answer)


def _second_version(described: Document, kind: str) -> Document:
    """Return the answer of DescribeAutoMLJobV2 for that of the first version: the stubs have the first one."""
    if kind != "auto_ml":
        return described
    data = {"AutoMLJobInputDataConfig": described["InputDataConfig"]}
    return {key: value for key, value in described.items() if key != "InputDataConfig"} | data


def _by_name(answers: dict[str, Document], name: str, asked: Document) -> Document:
    return dict(answers[asked[name]])


def _associations(answers: list[Document], asked: Document) -> Document:
    """Return the associations that have the source or the destination that is asked for."""
    found = [
        each
        for answer in answers
        for each in answer["AssociationSummaries"]
        if all(each[key] == asked[key] for key in ("SourceArn", "DestinationArn") if key in asked)
    ]
    return {"AssociationSummaries": found}


def _times(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"__datetime__"}:
            return datetime.fromisoformat(value["__datetime__"])
        return {key: _times(each) for key, each in value.items()}
    return [_times(each) for each in value] if isinstance(value, list) else value
