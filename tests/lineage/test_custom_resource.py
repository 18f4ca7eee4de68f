"""The custom resource: it registers, it stops, and it answers every request with success, over real TLS."""

import json
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from integrations.lineage.deploying.custom_resource import handle
from integrations.lineage.graph import Kind
from integrations.lineage.ports import Listed
from integrations.lineage.registering.registration import PROPERTY
from integrations.lineage.sagemaker import SageMaker
from tests.e2e.tls import write_certificate
from tests.lineage.deployed import CONFIG, make_endpoint, world
from tests.lineage.registered import configured
from tests.lineage_fake.modes import Limits, Modes

FRAUD = CONFIG[CONFIG.index("[[route]]") :].replace("churn", "fraud")
WRITES = {"CreateAction", "CreateArtifact", "CreateContext", "AddAssociation", "UpdateAction"}


class Answers(ThreadingHTTPServer):
    """Receives the answers to CloudFormation."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[dict[str, Any]] = []
        self.content_types: list[str] = []

    @property
    def url(self) -> str:
        """The address that is signed for one answer."""
        return f"https://127.0.0.1:{self.server_port}/answer?Signature=abc"


class _Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_PUT(self) -> None:
        """Keep the answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.content_types.append(self.headers["Content-Type"])
        self.server.received.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print no line."""


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Serve over TLS."""
    certificate = write_certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate.path))
    with Answers() as server:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(certificate.path, certificate.key_path)
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Invoked:
    """The context of an invocation that has some time left."""

    def __init__(self, left_secs: int = 300) -> None:
        self._left_secs = left_secs

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        return self._left_secs * 1000


def properties(text: str) -> dict[str, Any]:
    """Return the properties of the custom resource of a configuration, as synthesis renders them."""
    return {"ServiceToken": "arn", PROPERTY: msgspec.json.decode(msgspec.json.encode(configured(text)))}


def request(answers: Answers, kind: str, wanted: str, before: str | None = None, left_secs: int = 300) -> str:
    """Send a request of CloudFormation, and return the warnings of its answer."""
    event = {
        "RequestType": kind,
        "ResponseURL": answers.url,
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "LineageRoutes1",
        "ResourceProperties": properties(wanted),
        **({"OldResourceProperties": properties(before)} if before else {}),
        **({"PhysicalResourceId": "lineage-LineageRoutes1"} if kind != "Create" else {}),
    }
    handle(event, Invoked(left_secs))
    answer = answers.received.pop()
    warnings = str(answer.pop("Data")["Warnings"])
    assert answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "lineage-LineageRoutes1",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "LineageRoutes1",
    }
    assert answers.content_types.pop() == "", "CloudFormation signs the address without a content type"
    return warnings


def statuses(api: SageMaker) -> dict[str, str | None]:
    """Return the status of each forwarding by the beginning of its name."""
    found = api.list(Kind.ACTION, Listed(type="DataCaptureForwarding"))
    return {one.label.split("-")[0]: one.details.status for one in found if one.details}


def test_a_stack_is_created_changed_and_deleted(answers: Answers) -> None:
    """Routes come and go with it; their records stay."""
    with world() as (fake, _, api):
        make_endpoint("fraud")
        assert request(answers, "Create", CONFIG) == "none"
        assert statuses(api) == {"churn": "InProgress"}
        unknown = "route fraud: lineage has no deployment of the endpoint fraud yet; no model is associated"
        assert request(answers, "Update", CONFIG + FRAUD, CONFIG) == unknown
        assert statuses(api) == {"churn": "InProgress", "fraud": "InProgress"}
        assert request(answers, "Update", CONFIG, CONFIG + FRAUD) == "none"
        assert statuses(api) == {"churn": "InProgress", "fraud": "Stopped"}
        fake.calls.clear()
        assert request(answers, "Update", CONFIG, CONFIG) == "none"
        assert not WRITES & fake.counts.keys()
        assert request(answers, "Delete", CONFIG) == "none"
        assert statuses(api) == {"churn": "Stopped", "fraud": "Stopped"}
        assert not {"DeleteAction", "DeleteArtifact", "DeleteContext"} & fake.counts.keys()


def test_a_rollback_of_an_update_registers_the_old_routes(answers: Answers) -> None:
    """CloudFormation sends the same request with the sides exchanged."""
    other = CONFIG.replace("/churn/", "/churn/AllTraffic/")
    with world() as (_, _, api):
        assert request(answers, "Create", CONFIG) == "none"
        assert request(answers, "Update", other, CONFIG) == "none"
        assert request(answers, "Update", CONFIG, other) == "none"
        found = api.list(Kind.ACTION, Listed(type="DataCaptureForwarding"))
        assert {one.details.status for one in found if one.details} == {"InProgress"}


@pytest.mark.parametrize("operation", ["AddAssociation", "CreateAction", "ListContexts"])
def test_a_refused_call_is_a_warning(answers: Answers, operation: str) -> None:
    """It names the route and the action that is missing."""
    with world(Modes(denied=frozenset({operation}))):
        warnings = request(answers, "Create", CONFIG)
        assert warnings.startswith("route churn: ")
        assert f"{operation}: " in warnings
        assert "allow this action" in warnings


def test_a_refused_update_is_a_warning_at_the_end(answers: Answers) -> None:
    """A stack can be deleted where lineage calls are refused."""
    with world(Modes(denied=frozenset({"UpdateAction"}))):
        assert request(answers, "Create", CONFIG) == "none"
        assert "UpdateAction: " in request(answers, "Delete", CONFIG)


@pytest.mark.parametrize("kind", ["artifacts", "associations"])
def test_a_full_account_is_a_warning(answers: Answers, kind: str) -> None:
    """It names the kind."""
    with world(Modes(limits=Limits(**{kind: 0}))):
        assert f"number of {kind} allowed" in request(answers, "Create", CONFIG).lower()


def test_a_missing_endpoint_is_a_warning_and_the_other_routes_are_registered(answers: Answers) -> None:
    """Such as before the endpoint is deployed."""
    with world() as (_, _, api):
        assert "route fraud: there is no endpoint fraud" in request(answers, "Create", FRAUD_FIRST)
        assert statuses(api) == {"churn": "InProgress"}


FRAUD_FIRST = CONFIG[: CONFIG.index("[[route]]")] + FRAUD + CONFIG[CONFIG.index("[[route]]") :]


def test_an_unknown_error_is_a_warning(answers: Answers) -> None:
    """Its text may hold anything, so the answer has only its type."""
    event = {
        "RequestType": "Create",
        "ResponseURL": answers.url,
        **dict.fromkeys(("StackId", "RequestId", "LogicalResourceId"), "x"),
        "ResourceProperties": {PROPERTY: [{"route": 1}]},
    }
    handle(event, Invoked())
    (answer,) = answers.received
    assert answer["Status"] == "SUCCESS"
    assert answer["Data"] == {"Warnings": "registering failed: ValidationError"}


def test_long_warnings_are_cut(answers: Answers) -> None:
    """CloudFormation takes 4 KB, and refuses a longer answer."""
    routes = "".join(
        FRAUD.replace('name = "fraud"', f'name = "fraud{index}"').replace("/fraud/", f"/{index}/")
        for index in range(60)
    )
    with world():
        assert len(request(answers, "Create", CONFIG + routes)) == 1000


def test_the_answer_does_not_wait_for_sagemaker(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers cannot hold the deployment."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        named = {
            "AWS_ENDPOINT_URL_SAGEMAKER": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_MAX_ATTEMPTS": "1",
        }
        for name, value in named.items():
            monkeypatch.setenv(name, value)
        warnings = request(answers, "Create", CONFIG, left_secs=31)
    assert warnings == "not every route was registered in time; run capture-forwarder lineage register"


def test_an_address_without_tls_is_refused() -> None:
    """Lambda invokes the function again."""
    with world(), pytest.raises(ValueError, match="not https"):
        handle(
            {
                "RequestType": "Delete",
                "ResponseURL": "http://127.0.0.1/",
                **dict.fromkeys(("StackId", "RequestId", "LogicalResourceId"), "x"),
            },
            Invoked(),
        )
