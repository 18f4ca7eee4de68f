"""Templates as CloudFormation sees them: values after deployment, and the order of creation."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Template = Mapping[str, Any]
# The longest names of a commercial region; https://docs.aws.amazon.com/general/latest/gr/rande.html
_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "ap-southeast-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}
_HERE = f"{_PSEUDO['AWS::Region']}:{_PSEUDO['AWS::AccountId']}"
# What `Fn::GetAtt NAME.Arn` is; that of a log group ends in a star:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
_ARNS = {
    "AWS::SQS::Queue": f"arn:aws:sqs:{_HERE}:{{}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{_HERE}:table/{{}}",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_HERE}:log-group:{{}}:*",
    "AWS::Events::Rule": f"arn:aws:events:{_HERE}:rule/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{_HERE}:function:{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{_HERE}:key/{{}}",
    "AWS::IAM::Role": "arn:aws:iam::123456789012:role/{}",
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{_HERE}:alarm:{{}}",
}
# Types whose `Ref` is no name.
_REFS = {
    "AWS::SNS::Topic": f"arn:aws:sns:{_HERE}:{{}}",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::123456789012:policy/{}",
    "AWS::SQS::Queue": "https://sqs.ap-southeast-1.amazonaws.com/123456789012/{}",
}
_NAMES = ("QueueName", "BucketName", "TableName", "LogGroupName", "FunctionName", "Name", "TopicName", "AlarmName")


class Deployed:
    """The values of a template's resources after deployment."""

    def __init__(self, template: Template, stack: str) -> None:
        self._resources: Mapping[str, Any] = template["Resources"]
        self._stack = stack

    def properties(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the properties of every resource of a type, `SQS::Queue` for `AWS::SQS::Queue`."""
        for each in self._resources.values():
            if each["Type"] == f"AWS::{kind}":
                yield self.value(each.get("Properties", {}))

    def strings(self) -> Iterator[str]:
        """Yield every text in the properties of every resource."""
        for each in self._resources.values():
            resolved = self.value(each.get("Properties", {}))
            yield from (text for text in _inside(resolved) if isinstance(text, str))

    def value(self, value: Any) -> Any:
        """Return `value` with CloudFormation's functions replaced by their results. Raises KeyError for others."""
        match value:
            case {"Ref": str(name)}:
                return self._ref(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._attribute(name, attribute)
            case {"Fn::Join": [str(separator), [*parts]]}:
                return separator.join(self.value(part) for part in parts)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:]+)(?:\.(\w+))?\}", self._substituted, text)
            case list():
                return [self.value(each) for each in value]
            case _:
                return self._table(value) if isinstance(value, dict) else value

    def _table(self, value: dict[str, Any]) -> dict[str, Any]:
        if names := [name for name in value if name.startswith("Fn::")]:
            raise KeyError(names[0])
        return {key: self.value(each) for key, each in value.items()}

    def _substituted(self, found: re.Match[str]) -> str:
        return str(self._attribute(found[1], found[2]) if found[2] else self._ref(found[1]))

    def _ref(self, name: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        return _REFS.get(self._resources[name]["Type"], "{}").format(self._name(name))

    def _attribute(self, name: str, attribute: str) -> str:
        if attribute == "Arn":
            return _ARNS[self._resources[name]["Type"]].format(self._name(name))
        return self._name(name)

    def _name(self, name: str) -> str:
        properties = self._resources[name].get("Properties", {})
        given = next((properties[key] for key in _NAMES if key in properties), None)
        # CloudFormation adds twelve or thirteen random characters.
        return str(self.value(given)) if given else f"{self._stack}-{name}-{'X' * 13}"[-128:]


def _inside(value: Any) -> Iterator[Any]:
    """Yield a value and everything in it."""
    yield value
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _inside(each)


def needed_before(template: Template) -> dict[str, set[str]]:
    """Return, for every resource, all resources that exist before it. Raises ValueError for a circle."""
    direct = {
        name: {*_named(each.get("Properties", {})), *_listed(each.get("DependsOn", []))} & template["Resources"].keys()
        for name, each in template["Resources"].items()
    }
    found: dict[str, set[str]] = {}
    while waiting := direct.keys() - found.keys():
        ready = [name for name in waiting if direct[name] <= found.keys()]
        if not ready:
            raise ValueError(f"circular references between {sorted(waiting)}")
        for name in ready:
            found[name] = direct[name].union(*(found[each] for each in direct[name]))
    return found


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _named(properties: Any) -> Iterator[str]:
    """Yield the logical ids that properties refer to."""
    for value in _inside(properties):
        if isinstance(value, dict):
            if "Ref" in value:
                yield value["Ref"]
            if "Fn::GetAtt" in value:
                yield value["Fn::GetAtt"][0]
            yield from re.findall(r"\$\{(\w+)", str(value.get("Fn::Sub", "")))
