"""Evaluates the policies of a template as IAM does: does a role allow a call?

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

PLACE = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}
_ARNS = {
    "AWS::SQS::Queue": "arn:aws:sqs:eu-west-1:123456789012:{}",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:eu-west-1:123456789012:table/{}",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::Logs::LogGroup": "arn:aws:logs:eu-west-1:123456789012:log-group:{}:*",
    "AWS::Events::Rule": "arn:aws:events:eu-west-1:123456789012:rule/{}",
}
HERE = "eu-west-1:123456789012"
Context = Mapping[str, str]
Call = tuple[str, str, Context]


def resolved(value: Any, template: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    """Return `value` with CloudFormation's functions replaced; `names` are physical names by logical id."""
    match value:
        case {"Ref": str(ref)}:
            return PLACE.get(ref) or names.get(ref, ref)
        case {"Fn::GetAtt": [str(ref), "Arn"]}:
            return _ARNS[template["Resources"][ref]["Type"]].format(names.get(ref, ref))
        case {"Fn::Join": [separator, [*parts]]}:
            return separator.join(resolved(part, template, names) for part in parts)
        case dict():
            return {key: resolved(each, template, names) for key, each in value.items()}
        case list():
            return [resolved(each, template, names) for each in value]
        case _:
            return value


class Role:
    """A role: it allows the calls that a statement allows and that no statement denies."""

    def __init__(self, statements: Iterable[Mapping[str, Any]]) -> None:
        self.statements = list(statements)

    def allows(self, action: str, arn: str, context: Context | None = None) -> bool:
        """Tell whether the call is allowed; `context` has its condition keys."""
        effects = {each["Effect"] for each in self.statements if _applies(each, action, arn, context or {})}
        return effects == {"Allow"}

    def statement(self, sid: str) -> Mapping[str, Any]:
        """Return the one statement of a name."""
        (found,) = (each for each in self.statements if each["Sid"] == sid)
        return found

    def without(self, sid: str) -> "Role":
        """Return the role without one of its statements."""
        return Role(each for each in self.statements if each["Sid"] != sid)


def _applies(statement: Mapping[str, Any], action: str, arn: str, context: Context) -> bool:
    return (
        any(_like(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_like(pattern, arn) for pattern in _listed(statement["Resource"]))
        and all(
            _holds(operator, wanted, context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator: str, wanted: Any, found: str | None) -> bool:
    if operator not in {"StringEquals", "StringLike", "ArnLike", "Bool"}:
        raise NotImplementedError(operator)
    if found is None:
        return False
    exact = operator in {"StringEquals", "Bool"}
    return any(found == each if exact else _like(each, found) for each in _listed(wanted))


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _like(pattern: str, text: str) -> bool:
    return _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """Return IAM's wildcards as a regular expression; `${*}`, `${?}` and `${$}` are literal characters."""
    parts = re.findall(r"\$\{[*?$]\}|\*|\?|[^*?$]+|\$", pattern)
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(part) or re.escape(part[2] if part.startswith("${") else part) for part in parts)
    return re.compile(expression, re.DOTALL)
