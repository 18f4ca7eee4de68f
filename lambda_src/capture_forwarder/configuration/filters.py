"""Filters of keys: they turn the routes of a bucket into notifications that S3 and EventBridge accept.

S3 refuses two filters of one bucket for one event type if both prefixes and suffixes overlap. So a filter that another
one covers is merged into it, and the function finds the route of each object:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

import json
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any
from urllib.parse import quote_plus

from msgspec import Struct

from capture_forwarder.configuration.settings import RouteSettings, Settings
from capture_forwarder.configuration.stack import Trigger

_MAX_FILTERS = 100  # https://docs.aws.amazon.com/general/latest/gr/s3.html
_MAX_PATTERN_CHARS = 2048  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
Matcher = dict[str, str]


class Filter(Struct, frozen=True):
    """Keys that begin with `prefix` and end with `suffix`, for one route and the routes that it covers."""

    prefix: str
    suffix: str
    route: str

    def __str__(self) -> str:
        return f"{self.prefix}*{self.suffix}"

    def covers(self, other: "Filter") -> bool:
        """Tell whether every key that passes `other` passes this one."""
        return other.prefix.startswith(self.prefix) and other.suffix.endswith(self.suffix)

    def overlaps(self, other: "Filter") -> bool:
        """Tell whether S3 would refuse both for one bucket."""
        prefixes = self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)
        suffixes = self.suffix.endswith(other.suffix) or other.suffix.endswith(self.suffix)
        return prefixes and suffixes

    @property
    def notified(self) -> dict[str, str]:
        """The `prefix` and `suffix` for S3: it compares them with the URL-encoded key.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
        """
        rules = {"prefix": self.prefix, "suffix": self.suffix}
        return {name: quote_plus(value, safe="/!-_.*'()") for name, value in rules.items() if value}

    @property
    def matcher(self) -> Matcher:
        """The matcher for EventBridge: it compares the plain key.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
        """
        if not self.prefix:
            return {"suffix": self.suffix}
        literal = self.prefix.replace("\\", "\\\\").replace("*", "\\*")
        return {"wildcard": f"{literal}*{self.suffix}"}


def filters(settings: Settings, bucket: str) -> tuple[Filter, ...]:
    """Return the filters of `bucket`; no filter covers another."""
    return merged(route for route in settings.route if route.bucket == bucket)


def merged(routes: Iterable[RouteSettings]) -> tuple[Filter, ...]:
    """Return a filter for each of `routes` that no other route covers, sorted by prefix."""
    wanted = [Filter(route.prefix, route.suffix, route.name) for route in routes]
    wanted.sort(key=lambda one: (len(one.prefix), len(one.suffix), one.prefix, one.suffix))
    kept: list[Filter] = []
    for one in wanted:
        if not any(other.covers(one) for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: (one.prefix, one.suffix)))


def covering_prefixes(found: Iterable[Filter]) -> tuple[str, ...]:
    """Return the prefixes of `found` without those below another one."""
    kept: list[str] = []
    for prefix in sorted(one.prefix for one in found):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return tuple(kept)


def problems(settings: Settings) -> Iterator[str]:
    """Yield the notifications that S3 would refuse, for every bucket with its own notifications."""
    for bucket in settings.buckets.values():
        if bucket.chosen_trigger is Trigger.S3:
            yield from _ambiguities(bucket.name, filters(settings, bucket.name))


def _ambiguities(bucket: str, found: tuple[Filter, ...]) -> Iterator[str]:
    instead = f'or write trigger = "{Trigger.EVENTBRIDGE}" in the [[bucket]] {bucket!r}'
    for one, other in combinations(found, 2):
        if one.overlaps(other):
            yield (
                f"route {one.route!r} and route {other.route!r}: S3 refuses two overlapping notifications of "
                f"one bucket ({one}, {other}); give both the same suffix, {instead}"
            )
    if len(found) > _MAX_FILTERS:
        yield (
            f"bucket {bucket!r}: S3 takes at most {_MAX_FILTERS} notifications for one bucket, and the routes need "
            f"{len(found)}; let one route cover several, {instead}"
        )


def patterns(bucket: str, account: str | None, found: Iterable[Filter]) -> list[dict[str, Any]]:
    """Return event patterns that together match all filters, each short enough for EventBridge."""
    made: list[dict[str, Any]] = []
    matchers: list[Matcher] = []
    for one in found:
        if matchers and len(json.dumps(_pattern(bucket, account, [*matchers, one.matcher]))) > _MAX_PATTERN_CHARS:
            made.append(_pattern(bucket, account, matchers))
            matchers = []
        matchers.append(one.matcher)
    return [*made, _pattern(bucket, account, matchers)]


def _pattern(bucket: str, account: str | None, matchers: list[Matcher]) -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        **({"account": [account]} if account else {}),
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": matchers}},
    }
