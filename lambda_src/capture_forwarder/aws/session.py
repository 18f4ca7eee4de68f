"""The session of the AWS clients, and their options. Powertools makes its own clients for secrets."""

from functools import cache

import boto3
from botocore.config import Config

CONFIG = Config(
    user_agent_extra="capture-forwarder",  # trails and access logs show the reader of an object
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    read_timeout=20,
)


@cache
def aws_session() -> boto3.Session:
    """Return the one session of this process, so that its clients share the data that botocore reads."""
    return boto3.Session()
