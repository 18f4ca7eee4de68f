"""How AWS clients behave. All come from boto3's default session, so that they share what botocore reads from disk."""

from botocore.config import Config

CONFIG = Config(
    user_agent_extra="capture-forwarder",  # trails and access logs show the reader of an object
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    read_timeout=20,
)
