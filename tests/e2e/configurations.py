"""The configurations that are deployed: the routes of `events/forwarder.toml`, then one more; and their rejections."""

import re
from collections import Counter
from pathlib import Path

from capture_forwarder.configuration.reader import parse_settings
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.contract import Model

BUCKET = "sagemaker-eu-west-1-123456789012"
OWN_BUCKET = "captures-of-this-stack-123456789012"
PARAMETER = "/capture-forwarder/token"
SECRET = "capture-forwarder/token"  # its name
NEW_PREFIX = "another-team/churn/"
NEW_MODEL = "churn-of-another-team"
SECOND_MEMORY_SIZE_MB = 768
# The rejections of all samples by code. All are of the route for the objects that no longer prefix covers.
REJECTED = Counter(
    {
        "binary_payload": 1,
        "row_count_mismatch": 1,
        "error_body": 3,
        "line_not_json": 1,
        "not_a_capture": 2,
        "one_sided": 2,
    }
)
REJECTING_ROUTE = "everything-else"
_SAMPLES = Path(__file__).parents[2] / "events" / "forwarder.toml"
_STACK = """
[stack]
memory_size_mb = 512
timeout_secs = 35
batching_window_secs = 0
max_receives = 2

[function]
first_delay_secs = 1
"""
_NEW_ROUTE = f"""
[[route]]
name = "another-team"
bucket = "{BUCKET}"
prefix = "{NEW_PREFIX}"
destination = "monitor"
model_id = "{NEW_MODEL}"
"""


def first(url: str) -> str:
    """Return the first configuration, with a monitor at `url`; some routes name the attributes of their model."""
    samples = _SAMPLES.read_text(encoding="utf-8").replace("http://127.0.0.1:8765", url)
    return samples.replace("env:MONITOR_TOKEN", f"secretsmanager:{SECRET}") + _STACK


def second(url: str) -> str:
    """Return the first configuration with one route more, and more memory."""
    return first(url).replace("memory_size_mb = 512", f"memory_size_mb = {SECOND_MEMORY_SIZE_MB}") + _NEW_ROUTE


def own_bucket(url: str) -> str:
    """Return a configuration where the stack makes the bucket, and the token is in Parameter Store.

    The routes that name attributes in the others read them from the API.
    """
    bucket = f'[[bucket]]\nname = "{OWN_BUCKET}"\ncreate = true\n'
    routes = re.sub(r"attribute = \[.*?\n\]", 'schema = "model"', first(url), flags=re.DOTALL)
    return routes.replace(BUCKET, OWN_BUCKET).replace(f"secretsmanager:{SECRET}", f"ssm:{PARAMETER}") + bucket


def models() -> list[Model]:
    """Return every model that a configuration names, with its attributes."""
    return models_of(parse_settings(second("http://127.0.0.1:1")))
