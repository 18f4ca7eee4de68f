"""Tokens by reference: the value of every store, plain or in JSON; every other value is denied in one sentence."""

import json
from collections.abc import Callable
from uuid import uuid4

import boto3
import pytest

from capture_forwarder.aws.secrets import SecretToken
from capture_forwarder.configuration.secret_reference import SecretReference
from capture_forwarder.domain.delivery import DestinationDenied

VALUE = "s3cr3t-of-this-test"
Store = Callable[[str], str]


def token_of(reference: str) -> str:
    """Read the token."""
    return SecretToken(SecretReference.parse(reference))()


@pytest.fixture(params=["secretsmanager", "ssm", "env"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return a function that stores a text, and returns its reference."""

    def put(text: str) -> str:
        name = f"/forwarder/{uuid4()}"
        match request.param:
            case "secretsmanager":
                request.getfixturevalue("aws")
                boto3.client("secretsmanager").create_secret(Name=name, SecretString=text)
            case "ssm":
                request.getfixturevalue("aws")
                boto3.client("ssm").put_parameter(Name=name, Value=text, Type="SecureString")
            case _:
                monkeypatch.setenv(name, text)
        return f"{request.param}:{name}"

    return put


@pytest.mark.parametrize(
    ("text", "key", "token"),
    [
        (VALUE, "", VALUE),
        (f" {VALUE}\n", "", VALUE),
        (json.dumps({"token": VALUE}), "", VALUE),
        (json.dumps({"token": f"{VALUE}\n"}), "", VALUE),
        (json.dumps({"token": VALUE, "user": "x", "port": 1}), "#token", VALUE),
        (json.dumps({"a.b/c#d": VALUE}), "#a.b/c#d", VALUE),
        ("12-345", "", "12-345"),
        (f"{{{VALUE}", "", f"{{{VALUE}"),
        ("Größe", "", "Größe"),
    ],
)
def test_the_token_is_the_text_or_a_value_of_a_json_object(store: Store, text: str, key: str, token: str) -> None:
    """A text that is no JSON is the token, also if it looks like JSON in part."""
    assert token_of(store(text) + key) == token


REFUSED = {
    "several values without a key": (json.dumps({"token": VALUE, "user": VALUE}), "", "is a JSON object of 2 values; add #KEY to the reference"),
    "a list": (json.dumps([VALUE]), "", "is JSON, but no object; store an object"),
    "a text in quotes": (json.dumps(VALUE), "", "is JSON, but no object; store an object with the API's token, or the token alone"),
    "a number": ("12345", "", "is JSON, but no object"),
    "null": ("null", "", "is JSON, but no object"),
    "a key, and plain text": (VALUE, "#token", "is no JSON object; store one"),
    "a key, and a list": (json.dumps([VALUE]), "#token", "is JSON, but no object"),
    "another key": (json.dumps({"user": VALUE}), "#token", "has no key token; correct the key in the reference"),
    "one value that is no text": (json.dumps({VALUE: 1}), "", "holds a value that is no text"),
    "a value that is no text": (json.dumps({"token": {"value": VALUE}}), "#token", "holds a value that is no text"),
    "an empty value": (json.dumps({"token": " "}), "#token", "is empty; put the API's token there"),
    "two lines": (f"{VALUE}\r\nX-Other: 1", "", "is no token: it holds characters that a header must not have"),
    "a control character": (f"{VALUE}\x7f", "", "is no token: it holds characters that a header must not have"),
    "a value in JSON of two lines": (json.dumps({"token": f"{VALUE}\na"}), "", "is no token: it holds characters"),
    "another alphabet": (f"{VALUE}я", "", "is no token: it holds characters that a header must not have"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "key", "why"), REFUSED.values(), ids=REFUSED)
def test_any_other_value_is_denied_without_being_shown(store: Store, text: str, key: str, why: str) -> None:
    """The sentence names the secret and the remedy."""
    reference = store(text)
    with pytest.raises(DestinationDenied) as caught:
        token_of(reference + key)
    assert str(caught.value).startswith(f"the secret {reference} {why}")
    assert VALUE not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_binary_secret_is_denied(aws: str) -> None:
    """Its bytes are no text."""
    del aws
    name = str(uuid4())
    boto3.client("secretsmanager").create_secret(Name=name, SecretBinary=VALUE.encode())
    with pytest.raises(DestinationDenied, match=rf"^the secret secretsmanager:{name} is binary; store the API's token"):
        token_of(f"secretsmanager:{name}")


def test_a_secret_by_its_arn(aws: str) -> None:
    """With a key after it."""
    del aws
    text = json.dumps({"token": VALUE, "user": "x"})
    arn = boto3.client("secretsmanager").create_secret(Name=str(uuid4()), SecretString=text)["ARN"]
    assert list(SecretReference.parse(f"secretsmanager:{arn}").problems()) == []
    assert token_of(f"secretsmanager:{arn}#token") == VALUE


@pytest.mark.parametrize("reference", ["secretsmanager:none", "ssm:/none"])
def test_a_missing_secret_is_denied(aws: str, reference: str) -> None:
    """A person must create it, or allow the function to read it."""
    del aws
    with pytest.raises(
        DestinationDenied, match=rf"^the secret {reference} cannot be read \(\w+NotFound\w*\); create it in"
    ):
        token_of(reference)


def test_an_unset_variable_is_an_empty_token() -> None:
    """The sentence is that of an empty secret."""
    with pytest.raises(DestinationDenied, match=r"^the secret env:NOT_SET is empty; put the API's token there$"):
        token_of("env:NOT_SET")


def test_a_token_is_read_again_when_asked(aws: str) -> None:
    """A rotated secret is found at once."""
    del aws
    secrets, name = boto3.client("secretsmanager"), str(uuid4())
    secrets.create_secret(Name=name, SecretString="old")
    token = SecretToken(SecretReference.parse(f"secretsmanager:{name}"))
    assert token() == "old"
    secrets.put_secret_value(SecretId=name, SecretString="new")
    assert (token(), token(refresh=True), token()) == ("old", "new", "new")
