"""Limits of AWS that large configurations reach: a note for prefixes that were widened, a problem for the rest."""

from collections.abc import Iterator, Sequence

import aws_cdk as cdk

from capture_forwarder.configuration.filters import MAX_PATTERN_CHARS, fitting_prefixes, rule_prefixes
from capture_forwarder.configuration.packing import MAX_POLICIES, MAX_POLICY_CHARS, policy_count, readable_prefixes
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import Trigger, Unrouted
from integrations.observability.limits import dashboard_problems

_MAX_RESOURCES = 500  # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_OTHERS = '; other objects below them go to quarantine, unless the [[bucket]] has unrouted = "skip"'
_DEFAULT_RULES = 300  # of an event bus: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html


def limit_problems(settings: Settings) -> Iterator[str]:
    """Yield the limits that even the widest prefixes exceed, each with the number and the remedy."""
    if (count := policy_count(settings)) > MAX_POLICIES:
        yield (
            f"the function needs {count} managed policies of {MAX_POLICY_CHARS:,} characters for its "
            f"{len(settings.buckets)} buckets and {len(settings.destination)} destinations, and a role has at most "
            f"{MAX_POLICIES}; write a second file with another [stack] name for a part of the buckets"
        )
    yield from dashboard_problems(settings)


FEWER_BUCKETS = "write a second file with another [stack] name for a part of the buckets"
FEWER_ENDPOINTS = "list fewer [[observability.endpoint]], or disable an alert with [[observability.alert]]"


def resource_problem(stack: cdk.Stack, remedy: str) -> str | None:
    """Return the problem of a stack with more resources than CloudFormation takes, if it is one, with `remedy`."""
    count = sum(cdk.CfnResource.is_cfn_resource(each) for each in stack.node.find_all())
    if count <= _MAX_RESOURCES:
        return None
    return (
        f"the stack {stack.stack_name} has {count} resources, and CloudFormation takes at most {_MAX_RESOURCES}; "
        f"{remedy}"
    )


def limit_notes(settings: Settings) -> Iterator[str]:
    """Yield a line for each bucket whose prefixes are too many for a limit, and for a quota that may be too small."""
    readable = readable_prefixes(settings)
    ruled = [bucket for bucket in settings.buckets.values() if bucket.chosen_trigger is Trigger.EVENTBRIDGE]
    for name in settings.buckets:
        yield from _widened(
            settings,
            name,
            readable[name],
            f"a role has at most {MAX_POLICIES} managed policies of {MAX_POLICY_CHARS:,} characters, so it may read",
        )
    for bucket in ruled:
        yield from _widened(
            settings,
            bucket.name,
            rule_prefixes(settings, bucket),
            f"an event pattern has at most {MAX_PATTERN_CHARS:,} characters, so its rule matches",
            _OTHERS if bucket.unrouted is Unrouted.QUARANTINE else "",
        )
    if len(ruled) > _DEFAULT_RULES:
        yield f"note: the stack has {len(ruled)} rules; the default quota of an event bus is {_DEFAULT_RULES}"


def _widened(settings: Settings, bucket: str, used: Sequence[str], limit: str, then: str = "") -> Iterator[str]:
    wanted = fitting_prefixes(settings, bucket)
    if tuple(used) != wanted:
        yield f"note: bucket {bucket!r}: {limit} wider prefixes ({len(used)} instead of {len(wanted)}){then}"
