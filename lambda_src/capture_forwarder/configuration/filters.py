"""Filters of keys: they turn the routes of a bucket into notifications and patterns that S3 and EventBridge accept.

S3 refuses two filters of one bucket for one event type if both prefixes and suffixes overlap. So a filter that another
one covers is merged into it, and the function finds the route of each object:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any
from urllib.parse import quote_plus

from msgspec import Struct

from capture_forwarder.configuration.route_settings import RouteSettings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import BucketSettings, Trigger

_MAX_FILTERS = 100  # https://docs.aws.amazon.com/general/latest/gr/s3.html
MAX_PATTERN_CHARS = 2048  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html


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


def outermost(prefixes: Iterable[str]) -> tuple[str, ...]:
    """Return `prefixes` without those below another one, sorted."""
    kept: list[str] = []
    for prefix in sorted(prefixes):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return tuple(kept)


def fitting(folders: Iterable[str], fits: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """Return `folders`, or as few wider ones as `fits` needs, so that together they contain every one of `folders`.

    As long as they do not fit, the deepest folder that contains several of them replaces these. A folder is a path such
    as `bucket/datacapture/`; its first part always stays. So the widest result is one folder a bucket, and `fits` may
    refuse that too. The result depends on the set of folders, and never on their order.
    """
    kept = outermost(folders)
    while not fits(kept) and (parent := _deepest_parent(kept)):
        kept = outermost([parent, *kept])
    return kept


def _deepest_parent(folders: Iterable[str]) -> str | None:
    """Return the deepest parent of several folders, or of one if none have a common parent."""
    counts = Counter(parent for folder in folders for parent in _parents(folder))
    shared = [parent for parent, count in counts.items() if count > 1]
    return max(shared or counts, key=lambda parent: (parent.count("/"), counts[parent], parent), default=None)


def _parents(folder: str) -> Iterator[str]:
    parts = folder.removesuffix("/").split("/")
    return ("/".join([*parts[:end], ""]) for end in range(1, len(parts)))


def fitting_prefixes(
    settings: Settings, bucket: str, fits: Callable[[Sequence[str]], bool] = lambda _: True
) -> tuple[str, ...]:
    """Return the prefixes of the routes of `bucket`, widened by `fitting`; the widest result is the empty prefix."""
    root = f"{bucket}/"
    folders = [f"{root}{route.prefix}" for route in settings.route if route.bucket == bucket]

    def fit(found: Sequence[str]) -> bool:
        return fits([folder.removeprefix(root) for folder in found])

    return tuple(folder.removeprefix(root) for folder in fitting(folders, fit))


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


def rule_prefixes(settings: Settings, bucket: BucketSettings) -> tuple[str, ...]:
    """Return the prefixes that the rule of `bucket` matches: those of its routes, or wider ones if they do not fit."""

    def fits(prefixes: Sequence[str]) -> bool:
        return len(json.dumps(event_pattern(bucket.name, bucket.account, prefixes))) <= MAX_PATTERN_CHARS

    return fitting_prefixes(settings, bucket.name, fits)


def event_pattern(bucket: str, account: str | None, prefixes: Sequence[str]) -> dict[str, Any]:
    """Return the pattern of new objects below `prefixes`; the function skips those with another suffix.

    Only `wildcard` matchers count for the complexity of a rule, of which EventBridge accepts little. Prefixes are free:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    keys = {"object": {"key": [{"prefix": prefix} for prefix in prefixes]}} if all(prefixes) else {}
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        **({"account": [account]} if account else {}),
        "detail": {"bucket": {"name": [bucket]}, **keys},
    }
