"""A valid `forwarder.toml` becomes routes and limits."""

from pathlib import Path
from shutil import copyfile

import certifi
import pytest

from capture_forwarder.configuration.names import Resources
from capture_forwarder.configuration.reader import parse_settings, read_settings
from capture_forwarder.destinations.arthur.settings import ArthurSettings
from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.route import (
    CsvSpace,
    DecodingOptions,
    EmptyText,
    IdSource,
    Layout,
    OneSided,
    PayloadOptions,
    UnknownAttributes,
)
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from tests.support.settings_file import GOOD, with_line


def test_every_option_of_a_valid_file_reaches_its_place() -> None:
    """Limits, decoding options and schemas hold the values of the file."""
    settings = parse_settings(GOOD)
    (destination,) = settings.destination
    assert destination.limits == BatchLimits(10, 2000)
    assert (destination.connect_timeout_secs, destination.read_timeout_secs) == (1.0, 2.5)
    assert isinstance(destination, ArthurSettings)
    assert (destination.max_in_flight, destination.organization_id, destination.ca_bundle) == (
        3,
        "o-1",
        certifi.where(),
    )
    assert settings.function.max_line_bytes == 1000
    churn, fraud = settings.routes
    assert (churn.name, churn.bucket, churn.prefix) == ("churn", "captures", "datacapture/churn/")
    assert (churn.destination, churn.model_id, churn.quarantine_payload) == ("arthur", "m-1", False)
    assert churn.decoding == DecodingOptions(
        input=PayloadOptions("text/csv", Layout.ROWS, csv_header=True, csv_delimiter=";"),
        output=PayloadOptions(
            "application/json", Layout.LIST, rows="body.predictions", call_keys=("labels", "classes")
        ),
        id_source=IdSource.EVENT_ID,
        one_sided=OneSided.FORWARD,
        unknown_attributes=UnknownAttributes.DROP,
        csv_space=CsvSpace.TRIM,
        empty_text=EmptyText.KEEP,
    )
    assert churn.schema == ModelSchema(
        (
            Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
            Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    assert (churn.schema_from_model, fraud.schema, fraud.schema_from_model) == (False, None, True)


def test_an_absent_option_has_its_documented_default() -> None:
    """A short file is a complete one."""
    text = """
    destination = [{name = "a", kind = "arthur", url = "http://127.0.0.1:1", secret = "env:T"}]
    route = [{name = "r", bucket = "bucket", prefix = "p/", destination = "a", model_id = "m"}]
    """
    settings = parse_settings(text)
    (destination,), (route,) = settings.destination, settings.routes
    assert (destination.limits, destination.max_in_flight) == (BatchLimits(1000, 5_000_000), 8)
    assert (destination.connect_timeout_secs, destination.read_timeout_secs) == (5.0, 30.0)
    assert settings.function.max_line_bytes == 64 * 1024 * 1024
    assert route.decoding == DecodingOptions()
    assert (route.schema, route.schema_from_model, route.quarantine_payload) == (None, False, True)


def test_a_path_in_the_file_is_relative_to_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands find the certificates from any folder. An absolute path stays."""
    (tmp_path / "ca").mkdir()
    copyfile(certifi.where(), tmp_path / "ca/private.pem")
    (tmp_path / "forwarder.toml").write_text(with_line("ca_bundle", 'ca_bundle = "ca/private.pem"'), encoding="utf-8")
    (destination,) = read_settings(tmp_path / "forwarder.toml").destination
    assert destination.ca_bundle == str(tmp_path / "ca" / "private.pem")
    monkeypatch.chdir(tmp_path / "ca")
    text = with_line("ca_bundle", 'ca_bundle = "private.pem"')
    assert parse_settings(text).destination[0].ca_bundle == str(tmp_path / "ca" / "private.pem")
    assert parse_settings(GOOD).destination[0].ca_bundle == certifi.where()


def test_two_routes_of_one_prefix_have_other_suffixes() -> None:
    """The suffix decides between them."""
    text = with_line('prefix = ""', 'prefix = "datacapture/churn/"\nsuffix = ".jsonl.gz"')
    assert [(route.prefix, route.suffix) for route in parse_settings(text).routes] == [
        ("datacapture/churn/", ".jsonl"),
        ("datacapture/churn/", ".jsonl.gz"),
    ]


def test_the_sample_configuration_is_valid() -> None:
    """The demo uses it, and people copy it."""
    settings = read_settings(Path(__file__).parents[2] / "events" / "forwarder.toml")
    assert len({route.name for route in settings.routes}) == len(settings.route) >= 9


def test_every_bucket_of_a_route_has_an_owner() -> None:
    """The account of the file, else the stack's own; a request names it, so that no event can claim another bucket."""
    text = GOOD.replace('name = "fraud"\nbucket = "captures"', 'name = "fraud"\nbucket = "foreign"')
    settings = parse_settings(f'{text}\n[[bucket]]\nname = "foreign"\naccount = "{"2" * 12}"\n')
    assert settings.bucket_owners("1" * 12) == {"captures": "1" * 12, "foreign": "2" * 12}


def test_the_environment_names_the_resources_of_the_stack() -> None:
    """Each variable is optional; an empty one names no resource."""
    variables = {"CAPTURE_FORWARDER_PROGRESS_TABLE": "t", "CAPTURE_FORWARDER_QUEUE_URL": "https://q", "OTHER": "x"}
    assert Resources.from_environment(variables) == Resources(progress_table="t", queue_url="https://q")
    assert Resources.from_environment({"CAPTURE_FORWARDER_ACCOUNT": "1" * 12}) == Resources(account="1" * 12)
    assert Resources.from_environment({"CAPTURE_FORWARDER_QUARANTINE_BUCKET": ""}) == Resources()
