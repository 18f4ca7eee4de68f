"""The structures that many answers of SageMaker have."""

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A structure in an answer of SageMaker."""


class CreatedBy(Answer, frozen=True):
    """The user who created a resource in SageMaker Studio."""

    user_profile_name: str = ""
