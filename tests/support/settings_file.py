"""A valid `forwarder.toml`, and the problems of a changed one."""

import certifi
import pytest

from capture_forwarder.configuration.reader import SettingsError, parse_settings

GOOD = """
[function]
max_line_bytes = 1000

[[destination]]
name = "arthur"
kind = "arthur"
url = "https://arthur.example.com"
secret = "secretsmanager:arthur-token"
organization_id = "o-1"
max_inferences = 10
max_bytes = 2000
max_in_flight = 3
connect_timeout_secs = 1
read_timeout_secs = 2.5
ca_bundle = "CERTIFICATES"

[[route]]
name = "churn"
bucket = "captures"
prefix = "datacapture/churn/"
destination = "arthur"
model_id = "m-1"
id_source = "event-id"
one_sided = "forward"
unknown_attributes = "drop"
quarantine_payload = false
input_content_type = "text/csv"
output_content_type = "application/json"
input_layout = "rows"
output_layout = "list"
input_csv_header = true
input_csv_delimiter = ";"
output_rows = "body.predictions"
output_call_keys = ["labels", "classes"]
csv_space = "trim"
empty_text = "keep"

[[route.attribute]]
name = "age"
stage = "PIPELINE_INPUT"
value_type = "INTEGER"
position = 0

[[route.attribute]]
name = "score"
stage = "PREDICTED_VALUE"
value_type = "FLOAT"
position = 0
implicit = false

[[route]]
name = "fraud"
bucket = "captures"
prefix = ""
destination = "arthur"
model_id = "m-2"
schema = "model"
""".replace("CERTIFICATES", certifi.where())


def problems_of(text: str) -> list[str]:
    """Return every problem of a file."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    return caught.value.problems


def with_line(place: str, line: str) -> str:
    """Return the good file with `line` in place of the first line that begins with `place`."""
    old = next(one for one in GOOD.splitlines() if one.startswith(place))
    return GOOD.replace(f"\n{old}\n", f"\n{line}\n", 1)
