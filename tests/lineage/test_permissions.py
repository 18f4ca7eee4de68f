"""The permissions of each command are those of its calls: none is missing, and none is left over."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.model import OperationModel

from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.ports import Listed
from integrations.lineage.registering.cleaning import removals, remove
from integrations.lineage.registering.permissions import DEPLOYED, OF_COMMANDS, Allowed
from integrations.lineage.registering.routes import register, unregister
from integrations.lineage.sagemaker import SageMaker
from tests.lineage.deployed import CONFIG, make_endpoint, world
from tests.lineage.registered import configured
from tests.lineage_fake.automatic import put_entity
from tests.lineage_fake.graphs import client, put_links
from tests.lineage_fake.plugin import Fake

Call = tuple[str, str]
PREPARATION = {"sagemaker:CreateModel", "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint"}
_TYPES = {
    "CreateAction": ("action",),
    "CreateArtifact": ("artifact",),
    "CreateContext": ("context",),
    "DescribeEndpoint": ("endpoint",),
}


@pytest.fixture
def calls() -> Iterator[list[Call]]:
    """Record the calls of the client: each action of IAM with the type of a resource, empty for a list."""
    recorded: list[Call] = []

    def record(params: dict[str, Any], model: OperationModel, **_: object) -> None:
        recorded.extend(needed(model.name, params))

    events = client().meta.events
    events.register("provide-client-params.sagemaker", record)
    yield recorded
    events.unregister("provide-client-params.sagemaker", record)


def needed(operation: str, params: dict[str, Any]) -> Iterator[Call]:
    """Yield the permissions that a call needs."""
    action = f"sagemaker:{operation}"
    arns = [value for name, value in params.items() if name.endswith("Arn")]
    types = _TYPES.get(operation) or [arn.split(":")[5].split("/")[0] for arn in arns]
    if operation.startswith("List") and operation != "ListTags":
        types = [""]
    elif not types:  # actions and contexts by their name
        types = [operation.removeprefix("Describe").removeprefix("Update").removeprefix("Delete").lower()]
    yield from ((action, each) for each in types)
    if "Tags" in params:
        yield from (("sagemaker:AddTags", each) for each in types)


def allowed(permissions: tuple[Allowed, ...]) -> set[Call]:
    """Return all calls that permissions allow."""
    return {(action, kind) for one in permissions for action in one.actions for kind in one.resources or ("",)}


class Late(SageMaker):
    """Its lists do not show contexts yet, as after another run has just created one."""

    def list(self, kind: Kind, listed: Listed) -> Iterator[Vertex]:
        """Yield no context."""
        return iter(()) if kind is Kind.CONTEXT else super().list(kind, listed)


def run_register(api: SageMaker, fake: Fake) -> None:
    """Register with a package beside its archive, with a context of ours, after a change, and beside another run."""
    store = fake.store()
    (deployment,) = (arn for arn, one in store.entities.items() if one.type == "ModelDeployment")
    archive = put_entity(store, "Artifact", "Model", "s3://b/another.tar.gz")
    put_links(store, [(archive, deployment)])
    make_endpoint("fraud")
    fraud = configured(CONFIG.replace('"churn"', '"fraud"').replace("/churn/", "/fraud/"))
    late = Late(boto3_client=client(), sleep=lambda _: None)
    for routes in (configured(CONFIG), fraud, configured(CONFIG.replace('"M"', '"N"'))):
        assert next(register(api, routes)).error is None
    assert next(register(late, fraud)).error is None


def run_unregister(api: SageMaker, _: Fake) -> None:
    """Stop the forwarding."""
    assert len(unregister(api, configured(CONFIG)).steps) == 1


def run_clean(api: SageMaker, _: Fake) -> None:
    """Delete everything: actions, artifacts and a context."""
    found = removals(api)
    for removal in found:
        remove(api, removal)
    assert len({removal.vertex.kind for removal in found}) == 3


def prepare(api: SageMaker) -> None:
    """Register one endpoint that SageMaker's lineage knows, and one that it does not."""
    make_endpoint("fraud")
    both = configured(CONFIG + CONFIG[CONFIG.index("[[route]]") :].replace("churn", "fraud"))
    assert [outcome.error for outcome in register(api, both)] == [None, None]


RUNS: dict[str, Callable[[SageMaker, Fake], None]] = {
    "register": run_register,
    "unregister": run_unregister,
    "clean": run_clean,
}


@pytest.mark.parametrize("command", OF_COMMANDS)
def test_a_command_is_allowed_its_calls_and_no_others(command: str, calls: list[Call]) -> None:
    """The fake answers the same calls as SageMaker."""
    with world() as (fake, _, api):
        if command != "register":
            prepare(api)
        calls.clear()
        RUNS[command](api, fake)
    made = {call for call in calls if call[0] not in PREPARATION}
    assert made - allowed(OF_COMMANDS[command]) == set()
    assert {action for action, _ in allowed(OF_COMMANDS[command])} == {action for action, _ in made}


def test_a_call_that_is_not_allowed_is_found(calls: list[Call]) -> None:
    """Otherwise the test above could not fail."""
    with world() as (_, _, api):
        prepare(api)
        assert ("sagemaker:AddTags", "action") in set(calls) - allowed(OF_COMMANDS["unregister"])


def test_the_deployed_function_may_register_and_unregister() -> None:
    """It cannot delete."""
    wanted = allowed(OF_COMMANDS["register"]) | allowed(OF_COMMANDS["unregister"])
    assert {action for action, _ in allowed(DEPLOYED)} == {action for action, _ in wanted}
    assert wanted <= allowed(DEPLOYED)


def test_a_statement_name_is_used_once() -> None:
    """IAM refuses a policy with two of one name."""
    for permissions in (*OF_COMMANDS.values(), DEPLOYED):
        assert len({one.sid for one in permissions}) == len(permissions)
