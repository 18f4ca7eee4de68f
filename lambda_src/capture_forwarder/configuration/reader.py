"""Reads `forwarder.toml`; one error lists every problem, with its place and the right values."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from capture_forwarder.configuration.addresses import proxy_problems, url_problems
from capture_forwarder.configuration.options import Option, common_options, options, tag_of
from capture_forwarder.configuration.route_checks import repeated, route_problems
from capture_forwarder.configuration.secret_reference import SecretReference
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import BucketSettings, StackSettings, Trigger
from capture_forwarder.destinations.http_settings import HttpSettings

Check = Callable[[Settings], Iterable[str]]

_BATCH_WITHOUT_WINDOW = 10  # https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html


def _no_extra_checks(_: Settings) -> Iterable[str]:
    return ()


class SettingsError(Exception):
    """The configuration cannot be used; the message lists every problem, one a line."""

    def __init__(self, origin: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join([f"{origin} has {len(problems)} problem(s):", *(f"  {text}" for text in problems)]))


def read_settings(path: Path, extra_checks: Check = _no_extra_checks) -> Settings:
    """Return the settings in `path`. Raises `SettingsError` with all problems, those of `extra_checks` included."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), [f"cannot be read: {error}"]) from error
    return parse_settings(text, str(path), extra_checks)


def parse_settings(text: str, origin: str = "forwarder.toml", extra_checks: Check = _no_extra_checks) -> Settings:
    """Return the settings in `text`. Raises `SettingsError`.

    `origin` is the path of the file: errors name it, and paths in the file are relative to its folder.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(origin, [f"is not TOML: {error}"]) from error
    if problems := list(_table_problems(document, (Settings,), "")):
        raise SettingsError(origin, problems)
    settings = msgspec.convert(document, Settings).with_paths_in(Path(origin).parent)
    if problems := [*_meaning_problems(settings), *extra_checks(settings)]:
        raise SettingsError(origin, problems)
    return settings


def _table_problems(table: dict[str, Any], structs: Sequence[type[Struct]], path: str) -> Iterator[str]:
    """Yield the problems of the table at `path`: unknown and missing options, and values of another form.

    Of several structs the table chooses one by its tag. Without a valid tag the options that all of them have are
    checked.
    """
    chosen = [struct for struct in structs if (tag := tag_of(struct)) is None or table.get(tag[0]) == tag[1]]
    listed = list(options(chosen[0])) if chosen else common_options(structs)
    known = {option.name: option for option in listed}
    of_others = set() if chosen else {option.name for struct in structs for option in options(struct)}
    below = f"{path}." if path else ""
    for name in sorted(table.keys() - known.keys() - of_others):
        there = (_heading(f"{below}{each.name}", each) if each.tables else each.name for each in known.values())
        yield f"{below}{name}: no such option; there are {', '.join(there)}"
    for name, option in known.items():
        if name in table:
            yield from _option_problems(table[name], option, f"{below}{name}")
        elif option.required:
            yield _missing(option, f"{below}{name}")


def _missing(option: Option, path: str) -> str:
    if option.repeated:
        return f"{path}: write at least one {_heading(path, option)}"
    return f"{path}: missing; write {option.write}"


def _option_problems(value: Any, option: Option, path: str) -> Iterator[str]:
    if not option.tables:
        yield from _value_problems(value, option, path)
    elif not option.repeated:
        yield from _inner_problems(value, option, path)
    elif not isinstance(value, list) or not value:
        yield _missing(option, path)
    else:
        for index, each in enumerate(value):
            yield from _inner_problems(each, option, f"{path}[{index}]")


def _inner_problems(value: Any, option: Option, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _table_problems(value, option.tables, path)
    else:
        yield f"{path}: write a table, {_heading(path, option)}"


def _heading(path: str, option: Option) -> str:
    """Return the head of the table at `path`, such as `[[route.attribute]]` at `route[0].attribute`."""
    return option.heading(re.sub(r"\[\d+\]", "", path))


def _value_problems(value: Any, option: Option, path: str) -> Iterator[str]:
    if any(isinstance(each, str) and each.endswith("\n") for each in (value if isinstance(value, list) else [value])):
        yield f"{path}: remove the line end at the end"  # `$` in a pattern matches before it
        return
    try:
        msgspec.convert(value, option.value_type)
    except msgspec.ValidationError as error:
        # The regular expression of a type is no help; its description is.
        details = "" if "regex" in str(error) else f" ({error})"
        yield f"{path}: write {option.write}{details}"


def _meaning_problems(settings: Settings) -> Iterator[str]:
    """Yield the problems of options that do not fit together, or not to AWS."""
    yield from repeated((d.name for d in settings.destination), "destination name {!r}: used twice; names are unique")
    yield from repeated((r.name for r in settings.route), "route name {!r}: used twice; names are unique")
    places = (f"s3://{route.bucket}/{route.prefix}*{route.suffix}" for route in settings.route)
    yield from repeated(places, "{}: two routes for one prefix and suffix; give one of them a longer prefix")
    for index, destination in enumerate(settings.destination):
        yield from _destination_problems(destination, f"destination[{index}]")
    destinations = {destination.name: destination for destination in settings.destination}
    for index, route in enumerate(settings.route):
        yield from route_problems(route, destinations, f"route[{index}]")
    yield from _stack_problems(settings.stack)
    yield from _retention_problems(settings)
    yield from repeated((b.name for b in settings.bucket), "bucket name {!r}: two [[bucket]] tables; write one")
    routed = {route.bucket for route in settings.route}
    for index, bucket in enumerate(settings.bucket):
        yield from _bucket_problems(bucket, routed, f"bucket[{index}]")


def _destination_problems(destination: HttpSettings, path: str) -> Iterator[str]:
    yield from (f"{path}.url: {problem}" for problem in url_problems(destination.url))
    if destination.proxy:
        yield from (f"{path}.proxy: {problem}" for problem in proxy_problems(destination.proxy, destination.url))
    for option, reference in destination.secrets.items():
        yield from (f"{path}.{option}: {problem}" for problem in SecretReference.parse(reference).problems())
    yield from (f"{path}.{problem}" for problem in destination.problems())


def _stack_problems(stack: StackSettings) -> Iterator[str]:
    asked_for = stack.max_concurrency + stack.backfill.max_concurrency
    if stack.reserved_concurrency is not None and stack.reserved_concurrency < asked_for:
        yield (
            f"stack.max_concurrency: write at most {stack.reserved_concurrency}, the reserved_concurrency, "
            "for the sum of it and backfill.max_concurrency; AWS throttles invocations beyond it"
        )
    if stack.alarm_email and stack.alarm_topic_arn:
        yield "stack.alarm_email: remove it and subscribe to the topic alarm_topic_arn, or remove alarm_topic_arn"
    if stack.batch_size > _BATCH_WITHOUT_WINDOW and not stack.batching_window_secs:
        yield f"stack.batching_window_secs: write 1 or more; a batch_size above {_BATCH_WITHOUT_WINDOW} needs a window"


def _retention_problems(settings: Settings) -> Iterator[str]:
    """Yield the problem of messages that SQS would delete before the function gives them up."""
    give_up, kept = settings.function.give_up_days, settings.stack.message_retention_days
    if give_up >= kept:
        yield (
            f"function.give_up_days: write at most {kept - 1}, less than stack.message_retention_days ({kept}); "
            "else SQS deletes a message before its object is in quarantine"
        )


def _bucket_problems(bucket: BucketSettings, routed: set[str], path: str) -> Iterator[str]:
    if bucket.name not in routed:
        yield f"{path}.name: no [[route]] names the bucket {bucket.name!r}; there are {sorted(routed)}"
    if bucket.create and bucket.account:
        yield f"{path}.account: remove it; a bucket that the stack makes is in the stack's own account"
    if not bucket.create and bucket.chosen_trigger is Trigger.S3:
        yield (
            f'{path}.trigger: write "eventbridge" and run `capture-forwarder enable-eventbridge {bucket.name}`; '
            "S3 keeps one notification configuration a bucket, and changing it can damage that of others"
        )
