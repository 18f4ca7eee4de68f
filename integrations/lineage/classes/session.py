"""The session of the classes: the account, the region and the address of SageMaker."""

from integrations.lineage.lineage import Lineage


class Session:
    """Where the classes read and write.

    Args:
        region: The region; by default that of the profile or the environment.
        profile: The profile of the AWS configuration.
        endpoint_url: The address of SageMaker's API.
        lineage: The lineage to use in place of a new one.
    """

    def __init__(
        self,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        *,
        lineage: Lineage | None = None,
    ) -> None:
        self.lineage = lineage or Lineage(region, profile, endpoint_url)
        self._place = (region, profile)

    def default_bucket(self) -> str:
        """Return the name of SageMaker's default bucket in this account and region. It is not created."""
        import boto3  # noqa: PLC0415 - half a second, for this method only

        region, profile = self._place
        session = boto3.Session(region_name=region, profile_name=profile)
        account = session.client("sts").get_caller_identity()["Account"]
        return f"sagemaker-{session.region_name}-{account}"

    def use(self) -> None:
        """Let calls without a session use this one."""
        _DEFAULT[:] = [self]


def lineage_of(session: Session | None) -> Lineage:
    """Return the lineage of a session; without one that of the default session. It is made at the first use."""
    if session is None:
        if not _DEFAULT:
            Session().use()
        (session,) = _DEFAULT
    return session.lineage


_DEFAULT: list[Session] = []
"""The default session, once it is made."""
