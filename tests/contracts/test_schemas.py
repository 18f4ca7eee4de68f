"""The attributes of a model: when they are requested, and their replacement while the API is unavailable."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic, sleep

import pytest
from msgspec import Struct

from capture_forwarder.destinations.arthur.adapter import ArthurDestination
from capture_forwarder.destinations.arthur_platform.models import headers
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from capture_forwarder.domain.schema import ModelSchema
from tests.support.peer_server import Peer, answer, raw_server

LATE_SECS = 20.0
Say = Callable[[Peer], None]


class Api(Struct):
    """The answer of the API, the number of requests, and the time."""

    say: Say
    url: str = ""
    reads: int = 0
    now: float = 0.0

    def serve(self, peer: Peer) -> None:
        """Answer as the test says."""
        while peer.request():
            self.reads += 1
            self.say(peer)

    def destination(self, clock: Callable[[], float] | None = None) -> ArthurDestination:
        """Return Arthur here; its clock stands still until the test moves it."""

        def token(*, within_secs: float, refresh: bool = False) -> str:
            return f"{within_secs > 0}{refresh}"

        client = HttpClient(
            self.url,
            token=token,
            headers=partial(headers, organization_id=None),
            timeouts_secs=(20.0, 20.0),
            compressed=False,
            max_connections=8,
        )
        return ArthurDestination(client, BatchLimits(), clock or (lambda: self.now))


def model(name: str) -> Say:
    """Answer with a model of one attribute."""
    attribute = {"name": name, "stage": "PIPELINE_INPUT", "value_type": "FLOAT", "position": 0}
    return lambda peer: peer.send(answer(200, json.dumps({"attributes": [attribute]}).encode()))


def status(code: int, body: bytes = b"") -> Say:
    """Answer with a status."""
    return lambda peer: peer.send(answer(code, body))


def name_of(schema: ModelSchema) -> str:
    """Return the name of the one attribute."""
    (attribute,) = schema.attributes
    return attribute.name


@pytest.fixture
def api() -> Iterator[Api]:
    """Serve a model whose attribute is called `first`."""
    made = Api(model("first"))
    with raw_server(made.serve) as server:
        made.url = server.url
        yield made


UNAVAILABLE = [
    *[status(500), status(503), status(504), status(429), status(409), status(200, b"<html>"), status(200, b'{"attributes":[1]}')],
    *[lambda peer: peer.connection.close(), lambda peer: peer.send(b"no HTTP\r\n\r\n")],
]  # fmt: skip


@pytest.mark.parametrize("say", UNAVAILABLE, ids=range(len(UNAVAILABLE)))
def test_the_last_attributes_are_used_while_the_api_is_unavailable(api: Api, say: Say) -> None:
    """Without any, the rows stay pending. The failure is not kept: the next call asks again."""
    destination = api.destination()
    good, api.say = api.say, say
    for _ in range(2):
        with pytest.raises(DestinationUnavailable) as caught:
            destination.schema("m", within_secs=60.0)
        assert not isinstance(caught.value, DestinationDenied)
    api.say = good
    assert name_of(destination.schema("m", within_secs=60.0)) == "first"
    api.say, api.now = say, 900.0
    assert name_of(destination.schema("m", within_secs=60.0)) == "first"
    api.say = model("second")
    assert name_of(destination.schema("m", within_secs=60.0)) == "second"
    assert name_of(destination.schema("m", within_secs=60.0)) == "second"


@pytest.mark.parametrize("say", [status(404), status(401), status(400), status(302), status(200, b'{"attributes":[]}')])
def test_a_denial_is_raised_although_attributes_are_known(api: Api, say: Say) -> None:
    """A person must act: the model may have gone, or the token may be wrong."""
    destination = api.destination()
    destination.schema("m", within_secs=60.0)
    api.say, api.now = say, 900.0
    with pytest.raises(DestinationDenied):
        destination.schema("m", within_secs=60.0)


def test_an_api_that_hangs_does_not_hold_the_caller(api: Api) -> None:
    """The call ends in time: with the attributes that are known, or without."""
    destination = api.destination(monotonic)
    known = api.destination()
    known.schema("m", within_secs=60.0)
    api.say, api.now = Peer.hang, 900.0
    started = monotonic()
    with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$"):
        destination.schema("m", within_secs=0.3)
    assert name_of(known.schema("m", within_secs=0.3)) == "first"
    assert monotonic() - started < LATE_SECS


def test_threads_share_one_request_for_a_model(api: Api) -> None:
    """The other model has a request of its own."""
    good = api.say

    def slow(peer: Peer) -> None:
        peer.pause(0.3)
        good(peer)

    api.say = slow
    destination = api.destination()
    with ThreadPoolExecutor(8) as executor:
        read = partial(destination.schema, within_secs=60.0)
        assert {name_of(one) for one in executor.map(read, ["m", "n"] * 4)} == {"first"}
    assert api.reads == 2


def test_a_thread_waits_for_the_request_of_another_only_in_its_time(api: Api) -> None:
    """Then it has the attributes that are known, or none."""
    destination, known = api.destination(), api.destination()
    known.schema("m", within_secs=60.0)
    api.say, api.now = Peer.hang, 900.0
    for waiting in (destination, known):
        with ThreadPoolExecutor(1) as executor:
            reads = api.reads
            slow = executor.submit(waiting.schema, "m", within_secs=2.0)
            while api.reads == reads:
                sleep(0.01)
            if waiting is known:
                assert name_of(waiting.schema("m", within_secs=0.1)) == name_of(slow.result()) == "first"
                continue
            with pytest.raises(DestinationUnavailable, match="the model's attributes did not come in time"):
                waiting.schema("m", within_secs=0.1)
            with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$"):
                slow.result()
