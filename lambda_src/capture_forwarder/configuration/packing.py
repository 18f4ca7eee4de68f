"""The function's statements, divided into managed policies of the size that IAM accepts.

IAM limits a managed policy to 6,144 characters without white space, and a role to 10 managed policies by default:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
The template does not know the partition, the region and the generated names. So the division counts the longest ones.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from capture_forwarder.configuration.filters import fitting
from capture_forwarder.configuration.permissions import Location, StackResources, Statement, statements
from capture_forwarder.configuration.settings import Settings

MAX_POLICY_CHARS = 6144
MAX_POLICIES = 10

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html and the partitions of botocore.
_LONGEST = Location("aws-us-gov", "us-isof-south-1", "0" * 12, "amazonaws.com.cn")
_EMPTY_POLICY = len(json.dumps({"Version": "2012-10-17", "Statement": []}, separators=(",", ":")))


def policies(settings: Settings, location: Location, made: StackResources) -> list[list[Statement]]:
    """Return the statements of each managed policy; no statement depends on the order of routes and buckets."""
    readable = readable_prefixes(settings)
    return _packed(statements(settings, location, made, readable), _longest_statements(settings, readable))


def policy_count(settings: Settings) -> int:
    """Return how many managed policies the function needs, with prefixes that are wide enough if any are."""
    return _count(settings, readable_prefixes(settings))


def readable_prefixes(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the prefixes that the function may read, by bucket: those of the routes, or wider ones that fit."""

    def fits(folders: Sequence[str]) -> bool:
        return _count(settings, _by_bucket(folders)) <= MAX_POLICIES

    widest = tuple(f"{bucket}/" for bucket in settings.buckets)
    folders = tuple(f"{route.bucket}/{route.prefix}" for route in settings.route)
    # The search takes a step for each folder, so it does not begin without a chance of success.
    return _by_bucket(fitting(folders, fits) if fits(widest) else widest)


def _by_bucket(folders: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for bucket, _, prefix in (folder.partition("/") for folder in folders):
        found[bucket] = (*found.get(bucket, ()), prefix)
    return found


def _count(settings: Settings, readable: dict[str, tuple[str, ...]]) -> int:
    longest = _longest_statements(settings, readable)
    return len(_packed(longest, longest))


def _longest_statements(settings: Settings, readable: dict[str, tuple[str, ...]]) -> list[Statement]:
    made = StackResources(
        queue_arn=_LONGEST.arn("sqs", "q" * 80),
        backfill_queue_arn=_LONGEST.arn("sqs", "q" * 80),
        table_arn=_LONGEST.arn("dynamodb", f"table/{'t' * 128}"),
        quarantine_arn=_LONGEST.bucket_arn("b" * 63),
        log_group_arn=_LONGEST.arn("logs", f"log-group:{'l' * 128}:*"),
    )
    return statements(settings, _LONGEST, made, readable)


def _packed(real: Iterable[Statement], counted: Iterable[Statement]) -> list[list[Statement]]:
    """Fill one policy after another with `real`; the parts of `counted` have the characters that are counted."""
    packs: list[dict[str, Statement]] = [{}]
    used = _EMPTY_POLICY
    for statement, longest in zip(real, counted, strict=True):
        for part, longest_part in zip(statement.parts, longest.parts, strict=True):
            chars = _chars(longest_part, new=part.sid not in packs[-1])
            if used + chars > MAX_POLICY_CHARS and packs[-1]:
                packs.append({})
                used, chars = _EMPTY_POLICY, _chars(longest_part, new=True)
            used += chars
            there = packs[-1].get(part.sid)
            packs[-1][part.sid] = there.joined(part) if there else part
    return [list(pack.values()) for pack in packs]


def _chars(part: Statement, *, new: bool) -> int:
    """Return the characters of a part and a comma: of the whole statement, or of the one value that it adds."""
    added: Any = part.document if new else (part.listed or part.resources)[0]
    return len(json.dumps(added, separators=(",", ":"))) + 1
