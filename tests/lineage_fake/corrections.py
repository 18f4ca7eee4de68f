"""Corrects moto's answers that lineage reads.

moto's trial components have no job and its Search gives no trials. It also finds a versioned model package by the name
of its group.
"""

from collections.abc import Callable
from typing import Any

from tests.lineage_fake.entities import DEFAULT_PAGE
from tests.lineage_fake.errors import invalid
from tests.lineage_fake.paging import page
from tests.lineage_fake.records import Call
from tests.lineage_fake.store import Store


def is_ours(operation: str, params: dict[str, Any], store: Store) -> bool:
    """Return whether moto would answer a call wrongly."""
    if operation == "DescribeModelPackage":
        return params["ModelPackageName"] in store.backend.model_package_groups
    if operation == "ListTrialComponents":
        return "SourceArn" in params
    if operation == "Search":
        names = {each["Name"] for each in _filters(params)}
        return params.get("Resource") == "ExperimentTrialComponent" and names == {"TrialComponentArn"}
    return True


def _filters(params: dict[str, Any]) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = (params.get("SearchExpression") or {}).get("Filters") or []
    return filters


def list_trial_components(store: Store, call: Call) -> dict[str, Any]:
    """Answer ListTrialComponents with a SourceArn: the trial components of a job."""
    components = [
        each
        for each in store.backend.trial_components.values()
        if store.jobs.get(each.arn, ("",))[0] == call.params["SourceArn"]
    ]
    entries, token = page(store, call, call.get("MaxResults") or DEFAULT_PAGE, lambda: components)
    return {"TrialComponentSummaries": [_summary(store, each) for each in entries], "NextToken": token}


def describe_trial_component(store: Store, call: Call) -> dict[str, Any]:
    """Answer DescribeTrialComponent, by name or ARN, with the job."""
    wanted = call.params["TrialComponentName"].rsplit("/", 1)[-1]
    described: dict[str, Any] = store.backend.describe_trial_component(wanted)
    return described | _source(store, described["TrialComponentArn"])


def search(store: Store, call: Call) -> dict[str, Any]:
    """Answer Search for trial components by ARN: each with its trials, as `Parents`."""
    wanted = {each["Value"] for each in _filters(call.params)}
    components = [each for each in store.backend.trial_components.values() if each.arn in wanted]
    entries, token = page(store, call, call.get("MaxResults") or DEFAULT_PAGE, lambda: components)
    found = [{"TrialComponent": _summary(store, each) | {"Parents": _parents(store, each)}} for each in entries]
    return {"Results": found, "NextToken": token}


def _summary(store: Store, component: Any) -> dict[str, Any]:
    return {
        "TrialComponentName": component.trial_component_name,
        "TrialComponentArn": component.arn,
        "DisplayName": component.display_name,
        "CreationTime": component.creation_time,
        "LastModifiedTime": component.last_modified_time,
    } | _source(store, component.arn)


def _source(store: Store, arn: str) -> dict[str, Any]:
    job, source_type = store.jobs.get(arn, ("", ""))
    return {"Source": {"SourceArn": job, "SourceType": source_type}} if job else {}


def _parents(store: Store, component: Any) -> list[dict[str, str]]:
    return [
        {"TrialName": trial.trial_name, "ExperimentName": trial.experiment_name}
        for trial in store.backend.trials.values()
        if component.trial_component_name in trial.trial_components
    ]


def describe_model_package(store: Store, call: Call) -> dict[str, Any]:
    """Refuse DescribeModelPackage by the name of a group: a versioned package has an ARN only."""
    name = call.params["ModelPackageName"]
    raise invalid(f"ModelPackage {store.arn('model-package', name)} does not exist.")


OPERATIONS: dict[str, Callable[[Store, Call], dict[str, Any]]] = {
    "ListTrialComponents": list_trial_components,
    "DescribeModelPackage": describe_model_package,
    "DescribeTrialComponent": describe_trial_component,
    "Search": search,
}
