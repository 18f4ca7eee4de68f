"""The session of the AWS clients, and their options."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from capture_forwarder.aws.descriptions import DescriptionLoader
from capture_forwarder.aws.timed import watch

# Trails and access logs show the reader of an object. The text is fixed: botocore builds its own, with details of the
# machine, twice for each call, in a seventh of the time of a GetObject.
_USER_AGENT = f"capture-forwarder Boto3/{boto3.__version__}"

CONFIG = Config(
    user_agent=_USER_AGENT,
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    read_timeout=10,
)


def aws_session() -> boto3.Session:
    """Return boto3's default session, so that all clients share the data that botocore reads.

    The calls of its clients can be abandoned, see `timed`.
    """
    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session(botocore_session=_core_session())
    assert boto3.DEFAULT_SESSION  # noqa: S101 - for the type checker
    watch(boto3.DEFAULT_SESSION.events)
    return boto3.DEFAULT_SESSION


@contextmanager
def session_of(region: str | None, profile: str | None) -> Iterator[None]:
    """Let clients be made for a region and a profile, if they are given. Raises botocore's `ProfileNotFound`."""
    if region is None and profile is None:
        yield
        return
    before = boto3.DEFAULT_SESSION
    boto3.setup_default_session(region_name=region, profile_name=profile, botocore_session=_core_session())
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before


def _core_session() -> botocore.session.Session:
    """Return a session whose loader is made when it is needed, because the profile may say where to look."""
    session = botocore.session.get_session()

    def loader() -> Loader:
        found = create_loader(session.get_config_variable("data_path"))
        found.file_loader = DescriptionLoader()
        return found

    session.lazy_register_component("data_loader", loader)
    return session
