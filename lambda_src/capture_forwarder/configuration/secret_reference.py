"""References to secrets: where the token of a destination is kept. The token itself is in no file and no template."""

from collections.abc import Iterator
from enum import StrEnum
from string import ascii_letters, digits

from msgspec import Struct

_SUFFIX_CHARS = 6
_SECRET_ARN_PARTS = 7  # arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX


class SecretKind(StrEnum):
    """The store of a secret; the environment is for use outside AWS."""

    SECRETS_MANAGER = "secretsmanager"
    PARAMETER_STORE = "ssm"
    ENVIRONMENT = "env"


# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
_ALPHABETS = {
    SecretKind.SECRETS_MANAGER: frozenset(f"{ascii_letters}{digits}/_+=.@-"),
    SecretKind.PARAMETER_STORE: frozenset(f"{ascii_letters}{digits}/_.-"),
}


class SecretReference(Struct, frozen=True):
    """A secret by its store and its name or ARN; `key` is that of the token in the secret's JSON object, if given."""

    kind: SecretKind
    name: str
    key: str | None = None

    @classmethod
    def parse(cls, text: str) -> "SecretReference":
        """Return the reference `KIND:NAME` or `KIND:NAME#KEY`. Raises `ValueError` for another kind.

        Names hold no `#`:
        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
        """
        kind, _, rest = text.partition(":")
        name, has_key, key = rest.partition("#")
        return cls(SecretKind(kind), name, key if has_key else None)

    @property
    def is_arn(self) -> bool:
        """Whether the name is an ARN."""
        return self.name.startswith("arn:")

    def problems(self) -> Iterator[str]:
        """Yield what to change in the reference."""
        if not self.name:
            yield "write the name of the secret between : and #"
        if self.key == "":
            yield "write the key of the token in the secret's JSON after #, or remove the #"
        if self.kind is SecretKind.ENVIRONMENT:
            return
        if self.is_arn and self.name.split(":")[2:3] != [self.kind]:
            yield f"write the ARN of a resource in {self.kind}; this one belongs to another service"
        elif not self.is_arn and not _ALPHABETS[self.kind].issuperset(self.name):
            yield "correct the name; it holds characters that AWS refuses in it"
        elif self.kind is SecretKind.SECRETS_MANAGER and self.is_arn and not _is_whole_arn(self.name):
            yield (
                "write the whole ARN, which ends with a hyphen and six characters that Secrets Manager added "
                '(`aws secretsmanager describe-secret` prints it), or the name: "secretsmanager:NAME"'
            )


def _is_whole_arn(arn: str) -> bool:
    """Tell whether `arn` names one secret. A call by a shorter one is denied: IAM compares the whole ARN.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
    """
    parts = arn.split(":")
    _, hyphen, suffix = arn.rpartition("-")
    return len(parts) == _SECRET_ARN_PARTS and bool(hyphen) and len(suffix) == _SUFFIX_CHARS and suffix.isalnum()
