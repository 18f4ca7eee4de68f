"""A wrong `forwarder.toml`: one error lists every problem with its path."""

import tomllib
from pathlib import Path

import jsonschema
import msgspec
import pytest

from capture_forwarder.configuration.reader import SettingsError, parse_settings, read_settings
from capture_forwarder.configuration.settings import Settings
from tests.support.settings_file import GOOD, problems_of, with_line

BAD = {
    "the route of objects without a route": (with_line('name = "churn"', 'name = "unrouted"'), "route[0].name: write another name; 'unrouted' is that of objects"),
    "work that is given up at once": (with_line("max_line_bytes", "give_up_days = 0"), "function.give_up_days: write 1 to 12"),
    "work that is never given up": (with_line("max_line_bytes", "give_up_days = 13"), "function.give_up_days: write 1 to 12"),
    "not TOML": ("name = ", "is not TOML: Invalid value"),
    "nothing": ("", "destination: write at least one [[destination]]"),
    "an unknown table": (GOOD + "[other]\n", "other: no such option; there are [[destination]], [[route]], [function], [stack], [[bucket]]"),
    "a value in place of a table": ("function = 1\n" + GOOD.replace("[function]\nmax_line_bytes = 1000", ""), "function: write a table, [function]"),
    "a table in place of a list of tables": (GOOD.replace("[[destination]]", "[destination]"), "destination[0]: write [[destination]], with two brackets, in place of [destination]"),
    "values in place of tables": ("route = [1]\n" + GOOD.split("[[route]]", maxsplit=1)[0], "route[0]: write a table, [[route]]"),
    "an unknown option": (with_line("model_id", 'modelid = "m"'), "route[0].modelid: no such option; did you mean model_id?"),
    "a missing option": (with_line("model_id", ""), "route[0].model_id: missing; write text"),
    "another type": (with_line("max_bytes", 'max_bytes = "many"'), "destination[0].max_bytes: write 1 or more"),
    "too few": (with_line("max_inferences", "max_inferences = 0"), "destination[0].max_inferences: write 1 or more"),
    "too many": (with_line("max_in_flight", "max_in_flight = 65"), "destination[0].max_in_flight: write 1 to 64"),
    "no time": (with_line("read_timeout_secs", "read_timeout_secs = 0"), "destination[0].read_timeout_secs: write seconds, more than 0"),
    "another kind": (with_line("kind", 'kind = "kafka"'), 'destination[0].kind: write one of "arthur", '),
    "a token in the file": (with_line("secret", 'secret = "eyJhbGciOiJI"'), 'destination[0].secret: write "secretsmanager:NAME"'),
    "no url": (with_line("url", 'url = "arthur.example.com"'), "destination[0].url: write https://host"),
    "plain http": (with_line("url", 'url = "http://arthur.example.com"'), "destination[0].url: write https:// (plain http is for loopback"),
    "http to a name that looks local": (with_line("url", 'url = "http://127.0.0.1.example.com"'), "destination[0].url: write https://"),
    "a url with a password": (with_line("url", 'url = "https://me:pass-word@arthur.example.com"'), "destination[0].url: remove the user and the password"),
    "a url with a query": (with_line("url", 'url = "https://arthur.example.com/?a=b"'), "destination[0].url: remove the query, from ? on"),
    "a url with an empty fragment": (with_line("url", 'url = "https://arthur.example.com#"'), "destination[0].url: remove the fragment, from # on"),
    "a url with a space": (with_line("url", 'url = "https://arthur.example.com/a b"'), "destination[0].url: remove white space, control characters and backslashes"),
    "a url with a backslash": (with_line("url", "url = 'https://arthur.example.com\\a'"), "destination[0].url: remove white space"),
    "a url with a wrong port": (with_line("url", 'url = "https://arthur.example.com:65536"'), "destination[0].url: write a port from 1 to 65535, or none"),
    "a url with a wrong host": (with_line("url", 'url = "https://arthur..example.com"'), "destination[0].url: write the name of a host"),
    "a url with a host that cannot be sent to": (with_line("url", 'url = "https://\\u0660.com"'), "destination[0].url: write the name of a host"),
    "a url with a zone": (with_line("url", 'url = "https://[fe80::1%25eth0]"'), "destination[0].url: write the name of a host"),
    "a url with a very long host": (with_line("url", f'url = "https://{"a." * 130}com"'), "destination[0].url: write the name of a host"),
    "an organisation with a line end": (with_line("organization_id", 'organization_id = "o\\n"'), "destination[0].organization_id: remove the line end at the end"),
    "a suffix with a line end": (with_line("prefix", 'prefix = "a/"\nsuffix = ".jsonl\\n"'), "route[0].suffix: remove the line end at the end"),
    "a url with half an address": (with_line("url", 'url = "https://[::1"'), "destination[0].url: write the name of a host"),
    "a proxy without a scheme": (with_line("ca_bundle", 'proxy = "proxy.example.com:3128"'), "destination[0].proxy: write http://host:port"),
    "a proxy with a password": (with_line("ca_bundle", 'proxy = "http://me:pass-word@proxy.example.com:3128"'), "destination[0].proxy: remove the user and the password"),
    "a proxy with a path": (with_line("ca_bundle", 'proxy = "http://proxy.example.com:3128/a"'), "destination[0].proxy: remove the path"),
    "a proxy for plain http": (with_line("url", 'url = "http://127.0.0.1:1"').replace("ca_bundle =", 'proxy = "http://proxy.example.com"\nca_bundle ='), "destination[0].proxy: remove it; a proxy could read the token"),
    "a secret without a name": (with_line("secret", 'secret = "ssm:#key"'), "destination[0].secret: write the name of the secret between : and #"),
    "a secret without a key": (with_line("secret", 'secret = "ssm:/token#"'), "destination[0].secret: write the key of the token in the secret's JSON after #"),
    "a part of an ARN": (with_line("secret", 'secret = "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:arthur/token"'), "destination[0].secret: write the whole ARN"),
    "a longer ARN": (with_line("secret", 'secret = "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbC123:key::"'), "destination[0].secret: write the whole ARN"),
    "an ARN of another service": (with_line("secret", 'secret = "ssm:arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbC123"'), "destination[0].secret: write the ARN of a resource in ssm"),
    "an ARN of all parameters": (with_line("secret", 'secret = "ssm:arn:aws:ssm:*:*:parameter/*"'), "destination[0].secret: write the whole ARN, which ends with :parameter/NAME"),
    "an ARN of many secrets": (with_line("secret", 'secret = "secretsmanager:arn:aws:secretsmanager:*:*:secret:*-abcdef"'), "destination[0].secret: write the whole ARN"),
    "a secret with a wildcard": (with_line("secret", 'secret = "secretsmanager:arthur*"'), "destination[0].secret: correct the name; it holds characters that AWS refuses in it"),
    "a parameter with a space": (with_line("secret", 'secret = "ssm:/my token"'), "destination[0].secret: correct the name; it holds characters that AWS refuses in it"),
    "a url with the path of the API": (with_line("url", 'url = "https://arthur.example.com/api/v3/"'), "destination[0].url: remove /api/v3 and all that follows it"),
    "a prefix with a control character": (with_line("prefix", 'prefix = "a\\u0001b/"'), "route[0].prefix: remove control characters and line ends"),
    "a prefix longer than a key": (with_line("prefix", f'prefix = "{"ü" * 512}/"'), "route[0].prefix: write at most 1024 bytes"),
    "an organisation of two lines": (with_line("organization_id", 'organization_id = "o\\r\\nX: y"'), "destination[0].organization_id: write letters, digits and punctuation of ASCII"),
    "a bucket with a scheme": (with_line("bucket", 'bucket = "s3://captures"'), "route[0].bucket: write a bucket name, without s3://"),
    "a prefix without an end": (with_line("prefix", 'prefix = "churn"'), 'route[0].prefix: write a prefix of keys, such as "datacapture/churn/": it ends with "/"'),
    "a name with a space": (with_line('name = "churn', 'name = "my churn"'), "route[0].name: write letters, digits, . _ -; at most 63"),
    "another id source": (with_line("id_source", 'id_source = "uuid"'), 'route[0].id_source: write one of "inference-id", "event-id"'),
    "another layout": (with_line("output_layout", 'output_layout = "table"'), 'route[0].output_layout: write one of "rows",'),
    "a content type without rows": (with_line("input_content_type", 'input_content_type = "image/png"'), "route[0].input_content_type: rows are read from text/csv"),
    "an unknown destination": (with_line("destination = ", 'destination = "datadog"'), "route[0].destination: no [[destination]] is named 'datadog'; there are ['arthur']"),
    "another schema": (with_line("id_source", 'schema = "file"'), 'route[0].schema: write one of "none", "model"'),
    "an unknown option of an attribute": (with_line("implicit", "implied = false"), "route[0].attribute[1].implied: no such option; there are name, stage,"),
    "attributes that are no tables": (with_line("id_source", "attribute = 1").split("[[route.attribute]]", maxsplit=1)[0], "route[0].attribute: write at least one [[route.attribute]]"),
    "two schemas": (with_line("id_source", 'schema = "model"'), 'route[0].schema: write either schema = "model" or [[route.attribute]], not both'),
    "an attribute of another stage": (with_line('stage = "PIPELINE', 'stage = "INPUT"'), 'route[0].attribute[0].stage: write one of "PIPELINE_INPUT"'),
    "attributes of one name": (with_line('name = "score', 'name = "age"'), "route[0].attribute: two are named 'age'"),
    "attributes of one position": (with_line('stage = "PREDICTED', 'stage = "PIPELINE_INPUT"'), "route[0].attribute: two share the position PIPELINE_INPUT 0"),
    "routes of one name": (with_line('name = "fraud', 'name = "churn"'), "route name 'churn': used twice; names are unique"),
    "routes of one prefix": (with_line('prefix = ""', 'prefix = "datacapture/churn/"'), "s3://captures/datacapture/churn/*.jsonl: two routes for one prefix and suffix"),
    "destinations of one name": (GOOD + GOOD[GOOD.index("[[destination]]") : GOOD.index("[[route]]")], "destination name 'arthur': used twice; names are unique"),
}  # fmt: skip


# A JSON Schema cannot find these: they concern two options, or the meaning of a value.
BEYOND_A_SCHEMA = {
    "the route of objects without a route",
    "plain http",
    "http to a name that looks local",
    "a url with a password",
    "a url with a query",
    "a url with an empty fragment",
    "a url with a space",
    "a url with a backslash",
    "a url with a wrong port",
    "a url with a wrong host",
    "a url with half an address",
    "a proxy with a password",
    "a proxy with a path",
    "a proxy for plain http",
    "a secret without a name",
    "a secret without a key",
    "a part of an ARN",
    "a longer ARN",
    "a url with a host that cannot be sent to",
    "a url with a zone",
    "a url with a very long host",
    "an organisation with a line end",
    "a suffix with a line end",
    "an ARN of another service",
    "an ARN of all parameters",
    "an ARN of many secrets",
    "a secret with a wildcard",
    "a parameter with a space",
    "a url with the path of the API",
    "a prefix with a control character",
    "a prefix longer than a key",
    "a content type without rows",
    "an unknown destination",
    "two schemas",
    "attributes of one name",
    "attributes of one position",
    "routes of one name",
    "routes of one prefix",
    "destinations of one name",
}


@pytest.mark.parametrize(("text", "problem"), BAD.values(), ids=BAD)
def test_a_problem_has_its_path_and_the_remedy(text: str, problem: str) -> None:
    """The line begins with the path in the file; the right value follows."""
    problems = problems_of(text)
    assert any(one.startswith(problem) for one in problems), problems
    assert "pass-word" not in "".join(problems)


def test_one_mistake_is_one_problem() -> None:
    """A mistake causes no other problems; a misspelt option is also a missing one."""
    alone = {name: problems_of(text) for name, (text, _) in BAD.items() if name != "nothing"}
    assert {name: found for name, found in alone.items() if len(found) != 1} == {
        "an unknown option": alone["an unknown option"]
    }


def test_the_json_schema_finds_the_problems_of_single_values() -> None:
    """An editor with the schema shows the same mistakes as the check."""
    schema = jsonschema.Draft202012Validator(msgspec.json.schema(Settings))
    schema.validate(tomllib.loads(GOOD))
    documents = {name: tomllib.loads(text) for name, (text, _) in BAD.items() if name != "not TOML"}
    assert {name for name, document in documents.items() if schema.is_valid(document)} == BEYOND_A_SCHEMA


def test_all_problems_come_at_once() -> None:
    """One list, in the order of the options, instead of one problem for each run."""
    text = GOOD.replace('kind = "arthur"', 'kind = "x"').replace("max_bytes = 2000", "max_bytes = 0")
    text = text.replace('prefix = "datacapture/churn/"', 'prefix = "churn"').replace('model_id = "m-2"', "")
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, "my.toml")
    paths = [problem.split(":")[0] for problem in caught.value.problems]
    assert paths == ["destination[0].kind", "destination[0].max_bytes", "route[0].prefix", "route[1].model_id"]
    first, *lines = str(caught.value).split("\n")
    assert first == "my.toml has 4 problem(s):"
    assert [line.partition(": ")[0] for line in lines] == [
        '  line 7, destination "arthur", kind',
        '  line 12, destination "arthur", max_bytes',
        '  line 21, route "churn", prefix',
        '  line 52, route "fraud", model_id',
    ]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8765", "http://localhost", "http://[::1]:8080", "http://127.9.9.9"],
    ids=["IPv4", "by name", "IPv6", "another loopback address"],
)
def test_plain_http_is_for_loopback_addresses_only(url: str) -> None:
    """The embedded monitor needs no certificate; a token never crosses a network unencrypted."""
    assert parse_settings(with_line("url", f'url = "{url}"')).destination[0].url == url


def test_every_problem_of_a_url_has_a_sentence() -> None:
    """All come at once."""
    problems = problems_of(with_line("url", 'url = "http://me:pass-word@arthur.example.com:0/?a=b#c"'))
    assert [problem.removeprefix("destination[0].url: ").split(" ")[:3] for problem in problems] == [
        ["remove", "the", "query,"],
        ["remove", "the", "fragment,"],
        ["remove", "the", "user"],
        ["write", "a", "port"],
        ["write", "https://", "(plain"],
    ]


@pytest.mark.parametrize(
    "url",
    ["https://arthur.example.com.:8443/a/", "https://[2001:db8::1]:443", "https://xn--gre-6ka8i.example", "https://my_host", "https://10.0.0.1"],
)  # fmt: skip
def test_any_other_https_address_is_accepted(url: str) -> None:
    """Names of a private network, addresses, and paths in front of the API's own."""
    assert parse_settings(with_line("url", f'url = "{url}"')).destination[0].url == url


@pytest.mark.parametrize(
    "secret",
    [
        "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:arthur/token-AbC123",
        "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:arthur/token-AbC123#key",
        "secretsmanager:arthur-token#api.key",
        "ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/arthur/token",
    ],
)
def test_a_secret_is_named_or_has_its_whole_arn(secret: str) -> None:
    """Each may have the key of a value in JSON."""
    assert parse_settings(with_line("secret", f'secret = "{secret}"')).destination[0].secrets == {"secret": secret}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and a file that is not text: one sentence with the path."""
    with pytest.raises(SettingsError, match=r"missing\.toml has 1 problem\(s\):\n  cannot be read: "):
        read_settings(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"binary\.toml has 1 problem\(s\):\n  cannot be read: "):
        read_settings(tmp_path / "binary.toml")
