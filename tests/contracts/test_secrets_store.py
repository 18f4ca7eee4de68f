"""A store of secrets that throttles, denies, hangs or answers nonsense: when a token is read, and which one is used instead."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import boto3
import pytest
from msgspec import Struct

from capture_forwarder.aws.secrets import SecretToken
from capture_forwarder.configuration.secret_reference import SecretReference
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from tests.support.peer_server import Peer, RawServer, answer, raw_server

LATE_SECS = 20.0
STORES = ("secretsmanager", "ssm")
Say = Callable[[Peer], None]


class Store(Struct):
    """The answer of the store, the number of reads, and the time."""

    say: Say
    reads: int = 0
    now: float = 1_000_000.0
    server: RawServer | None = None

    def serve(self, peer: Peer) -> None:
        """Answer as the test says."""
        while peer.request():
            self.reads += 1
            self.say(peer)

    def token(self, kind: str) -> SecretToken:
        """Return a token in the store."""
        return SecretToken(SecretReference.parse(f"{kind}:/name"), lambda: self.now)


def having(token: str) -> Say:
    """Answer with a token, in the form of either store."""
    document = {"SecretString": token, "Parameter": {"Name": "/name", "Value": token}}
    return lambda peer: peer.send(answer(200, json.dumps(document).encode()))


def failing(code: str, status: int = 400) -> Say:
    """Answer with an error."""
    return lambda peer: peer.send(answer(status, json.dumps({"__type": code, "message": "m"}).encode()))


def drip(peer: Peer) -> None:
    """Send an answer without end."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    peer.drip(b" ")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Serve both stores with the token `first`."""
    made = Store(having("first"))
    with raw_server(made.serve) as server:
        made.server = server
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield made


PASSING = [
    *[failing("ThrottlingException"), failing("TooManyRequestsException"), failing("RequestLimitExceeded")],
    *[failing("InternalServiceError", 500), failing("ServiceUnavailable", 503), failing("Unknown", 502)],
    *[lambda peer: peer.send(b"no HTTP\r\n\r\n"), lambda peer: peer.connection.close()],
    *[lambda peer: peer.send(answer(200, b"<html>")), lambda peer: peer.send(answer(200, b"{}"))],
    lambda peer: peer.send(answer(200, b"[]")),
]


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("say", PASSING, ids=range(len(PASSING)))
def test_a_store_that_is_unavailable_is_no_denial(store: Store, kind: str, say: Say) -> None:
    """No person must act, and there is no alarm. With a token that was good the destination is served."""
    store.say = say
    token = store.token(kind)
    why = r"( \(\w+\)|: http://127.0.0.1:\d+: the connection was closed before the answer; .+)$"
    with pytest.raises(DestinationUnavailable, match=rf"^the secret {kind}:/name cannot be read now{why}") as caught:
        token(within_secs=30.0)
    assert not isinstance(caught.value, DestinationDenied)
    assert not caught.value.unanswered
    store.say, store.now = having("first"), store.now + 5
    assert token(within_secs=30.0) == "first"
    store.say, store.now = say, store.now + 300
    assert token(within_secs=30.0) == "first"


def test_the_code_of_the_store_is_in_the_sentence(store: Store) -> None:
    """It names the place in the documentation."""
    store.say = failing("ThrottlingException")
    with pytest.raises(DestinationUnavailable, match=r"cannot be read now \(ThrottlingException\)$"):
        store.token("ssm")(within_secs=30.0)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("AccessDeniedException", "allow the function to read it, and to use its key (secret_kms_key_arn)"),
        ("ResourceNotFoundException", "create it in the function's account and region, or correct the reference"),
        ("ParameterNotFound", "create it in the function's account and region, or correct the reference"),
        ("ParameterVersionNotFound", "create it in the function's account and region, or correct the reference"),
        ("DecryptionFailure", "look at its KMS key"),
        ("InvalidKeyId", "look at its KMS key"),
        ("InvalidRequestException", "restore it if it is marked for deletion"),
        ("UnrecognizedClientException", "look at the secret and at the role"),
        ("ValidationException", "look at the secret and at the role"),
    ],
)
def test_a_denial_has_the_advice_for_its_cause(store: Store, code: str, remedy: str) -> None:
    """A person must act, so a token that was good is not used on."""
    token = store.token("secretsmanager")
    assert token() == "first"
    store.say, store.now = failing(code), store.now + 300
    with pytest.raises(DestinationDenied) as caught:
        token()
    assert str(caught.value).startswith(f"the secret secretsmanager:/name cannot be read ({code}); {remedy}")


def test_missing_credentials_are_a_denial(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repeat corrects them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials that it found
    with pytest.raises(
        DestinationDenied, match=r"cannot be read \(NoCredentialsError\); give AWS credentials to this process"
    ):
        store.token("ssm")()
    assert store.reads == 0


def test_a_token_is_read_every_five_minutes(store: Store) -> None:
    """Until then it is answered from memory."""
    token = store.token("secretsmanager")
    assert token() == "first"
    store.say, store.now = having("second"), store.now + 299
    assert (token(), store.reads) == ("first", 1)
    store.now += 1
    assert (token(), store.reads) == ("second", 2)


def test_a_refused_token_is_read_again_once_a_minute(store: Store) -> None:
    """A secret that stays wrong costs few reads."""
    token = store.token("secretsmanager")
    token()
    store.say = having("second")
    assert (token(refresh=True), store.reads) == ("second", 2)
    store.say, store.now = having("third"), store.now + 59
    assert (token(refresh=True), token(), store.reads) == ("second", "second", 2)
    store.now += 1
    assert (token(refresh=True), token(), store.reads) == ("third", "third", 3)


def test_a_refused_token_that_cannot_be_read_again_is_no_denial(store: Store) -> None:
    """The wrong token is not used, and the error is that of the store."""
    token = store.token("secretsmanager")
    token()
    store.say = failing("InternalServiceError", 500)
    for _ in range(2):
        with pytest.raises(DestinationUnavailable, match=r"\(InternalServiceError\)$") as caught:
            token(refresh=True)
        assert not isinstance(caught.value, DestinationDenied)
    assert token() == "first"
    assert store.reads <= 2 + 1


@pytest.mark.parametrize("is_good", [True, False])
def test_requests_at_once_share_one_read(store: Store, is_good: bool) -> None:  # noqa: FBT001 - a case
    """All have its result, also that of a failure. The SDK repeats it once."""
    good, bad = having("first"), failing("ThrottlingException")

    def slow(peer: Peer) -> None:
        peer.pause(0.3)
        (good if is_good else bad)(peer)

    store.say = slow
    token = store.token("secretsmanager")
    with ThreadPoolExecutor(8) as executor:
        results = list(executor.map(lambda _: outcome(token, 30.0), range(8)))
    assert len(set(results)) == 1
    assert ("first" in results) is is_good
    assert store.reads <= (1 if is_good else 2)


def outcome(token: SecretToken, within_secs: float) -> str:
    """Return the token, or the sentence of a failure that is no denial."""
    try:
        return token(within_secs=within_secs)
    except DestinationDenied:
        raise
    except DestinationUnavailable as failure:
        return str(failure)


def test_a_failed_read_is_remembered_for_a_short_time(store: Store) -> None:
    """The tries of a run do not ask again each time; without a token for 5 seconds, with one for a minute."""
    store.say = failing("InternalServiceError", 500)
    token = store.token("secretsmanager")
    for _ in range(5):
        assert "InternalServiceError" in outcome(token, 30.0)
    assert store.reads == 2
    store.say, store.now = having("first"), store.now + 5
    assert (token(), store.reads) == ("first", 3)
    store.say, store.now = failing("InternalServiceError", 500), store.now + 300
    assert (token(), token(), store.reads) == ("first", "first", 5)
    store.say, store.now = having("second"), store.now + 59
    assert (token(), store.reads) == ("first", 5)
    store.now += 1
    assert (token(), store.reads) == ("second", 6)


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("say", [Peer.hang, drip], ids=["hang", "drip"])
def test_a_store_that_never_answers_does_not_hold_a_request(store: Store, kind: str, say: Say) -> None:
    """Every thread ends in its time; with a token that was good each has that."""
    fresh, known = store.token(kind), store.token(kind)
    assert known() == "first"
    store.say, store.now = say, store.now + 300
    started = monotonic()
    with ThreadPoolExecutor(4) as executor:
        results = list(executor.map(lambda token: outcome(token, 0.4), (fresh, known, fresh, known)))
    assert results[1] == results[3] == "first"
    assert all("in time" in results[place] for place in (0, 2))
    assert monotonic() - started < LATE_SECS


def test_a_thread_waits_for_the_read_of_another_only_in_its_time(store: Store) -> None:
    """Then it has the token that was good, or none."""
    fresh, known = store.token("secretsmanager"), store.token("secretsmanager")
    assert known() == "first"
    good = store.say

    def slow(peer: Peer) -> None:
        peer.pause(2.0)
        good(peer)

    store.say, store.now = slow, store.now + 300
    for token in (fresh, known):
        with ThreadPoolExecutor(1) as executor:
            reads = store.reads
            reading = executor.submit(token, within_secs=30.0)
            while store.reads == reads:
                sleep(0.01)
            expected = "first" if token is known else "another read of it has not ended in time"
            assert outcome(token, 0.1).endswith(expected)
            assert reading.result() == "first"


def test_a_read_never_takes_all_the_time_of_a_run(store: Store) -> None:
    """A store that drips is given up, although the caller has an hour."""
    store.say = drip
    started = monotonic()
    assert outcome(store.token("ssm"), 3600.0).endswith(
        ("did not come in time", "no answer in time; check the network, and firewalls or security groups on the way")
    )
    assert monotonic() - started < 60
