"""References to secrets: where the token of a destination is kept. The token itself is in no file and no template."""

import re
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct


class SecretKind(StrEnum):
    """The store of a secret; the environment is for use outside AWS."""

    SECRETS_MANAGER = "secretsmanager"
    PARAMETER_STORE = "ssm"
    ENVIRONMENT = "env"


# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
_NAMES = {
    SecretKind.SECRETS_MANAGER: re.compile(r"[A-Za-z0-9/_+=.@-]+"),
    SecretKind.PARAMETER_STORE: re.compile(r"[A-Za-z0-9/_.-]+"),
}
# A call by a shorter ARN is denied, because IAM compares the whole one:
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
_ARNS = {
    SecretKind.SECRETS_MANAGER: re.compile(
        r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}"
    ),
    SecretKind.PARAMETER_STORE: re.compile(r"arn:[a-z-]+:ssm:[a-z0-9-]+:\d{12}:parameter/[A-Za-z0-9/_.-]+"),
}
_WHOLE_ARN = {
    SecretKind.SECRETS_MANAGER: (
        "write the whole ARN, which ends with a hyphen and six characters that Secrets Manager added "
        '(`aws secretsmanager describe-secret` prints it), or the name: "secretsmanager:NAME"'
    ),
    SecretKind.PARAMETER_STORE: 'write the whole ARN, which ends with :parameter/NAME, or the name: "ssm:/NAME"',
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
        """Yield corrections of the reference."""
        if not self.name:
            yield "write the name of the secret between : and #"
        if self.key == "":
            yield "write the key of the token in the secret's JSON after #, or remove the #"
        if self.kind is SecretKind.ENVIRONMENT:
            return
        if self.is_arn and self.name.split(":")[2:3] != [self.kind]:
            yield f"write the ARN of a resource in {self.kind}; this one belongs to another service"
        elif self.is_arn and not _ARNS[self.kind].fullmatch(self.name):
            yield _WHOLE_ARN[self.kind]
        elif self.name and not self.is_arn and not _NAMES[self.kind].fullmatch(self.name):
            yield "correct the name; it holds characters that AWS refuses in it"
        elif self.kind is SecretKind.PARAMETER_STORE and self.name and not self.is_arn and self.name[0] != "/":
            yield 'write "ssm:/NAME", with the / at the beginning of the parameter\'s name'
