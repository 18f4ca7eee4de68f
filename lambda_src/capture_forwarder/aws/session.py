"""The session that AWS clients come from, but for those of secrets, which Powertools makes; and how they behave."""

from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache

import boto3
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

CONFIG = Config(
    # Trails and access logs say who read an object; putting it together anew costs a tenth of a small GetObject.
    user_agent=f"capture-forwarder Boto3/{boto3.__version__}",
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    read_timeout=20,
)


@cache
def aws_session() -> boto3.Session:
    """Return the one session of this process: clients of one share what botocore reads from its data."""
    session = botocore.session.get_session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=read_timestamp)
    return boto3.Session(botocore_session=session)


def read_timestamp(value: str | float) -> datetime:
    """Return the time that an answer of AWS holds. Raises `ValueError`.

    botocore lets dateutil guess the form, which is a seventh of a small GetObject. What S3 says has one form,
    https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7; what others had it say, such as `Expires`, may have any.
    """
    if isinstance(value, str) and value.endswith(" GMT"):
        with suppress(ValueError):
            return parsedate_to_datetime(value)
    return parse_timestamp(value)  # type: ignore[arg-type]  # it takes numbers too
