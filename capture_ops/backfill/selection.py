"""The captures that a backfill is asked for, checked as a whole before anything is listed."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

from capture_forwarder.configuration.filters import outermost
from capture_forwarder.configuration.settings import Settings
from capture_ops.backfill.window import Window
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.terminal.errors import CommandError


class Selection(Struct, frozen=True):
    """Captures below a prefix of a bucket, in a window of whole hours.

    `folders` are the prefixes to list: those of routes below `prefix`, which may be the only ones that may be listed.
    """

    bucket: str
    prefix: str
    window: Window
    folders: tuple[str, ...]

    @property
    def uri(self) -> str:
        """`s3://bucket/prefix`, for people."""
        return str(S3Uri(self.bucket, self.prefix))


def select(
    target: str, since: str | None, until: str | None, settings: Settings, problems: Iterable[str] = ()
) -> Selection:
    """Return the selection. Raises `CommandError` with every problem, those found before included."""
    found = list(problems)
    uri = S3Uri.parse(target)
    bucket, prefix = (uri.bucket, uri.key) if uri else ("", "")
    if uri is None:
        found.append(f"{target} names no bucket; write s3://bucket/prefix/")
    elif not _folders(bucket, prefix, settings):
        routes = ", ".join(sorted(str(S3Uri(route.bucket, route.prefix)) for route in settings.route))
        found.append(f"no route covers anything below {target}; routes cover {routes}")
    window = _window(since, until, _suffixes(bucket, settings), found)
    if found:
        raise CommandError("\n".join(found))
    return Selection(bucket, prefix, window, _folders(bucket, prefix, settings))


def _folders(bucket: str, prefix: str, settings: Settings) -> tuple[str, ...]:
    """Return the outermost prefixes of routes below `prefix`, or `prefix` if it is below one; none without a route."""
    prefixes = [route.prefix for route in settings.route if route.bucket == bucket]
    return outermost(max(prefix, one, key=len) for one in prefixes if prefix.startswith(one) or one.startswith(prefix))


def _suffixes(bucket: str, settings: Settings) -> tuple[str, ...]:
    """Return the suffixes of the bucket's routes."""
    return tuple(sorted({route.suffix for route in settings.route if route.bucket == bucket}))


def _window(since: str | None, until: str | None, suffixes: tuple[str, ...], problems: list[str]) -> Window:
    moments = [_moment(option, text, problems) for option, text in (("--since", since), ("--until", until))]
    try:
        return Window(since=moments[0], until=moments[1], suffixes=suffixes)
    except ValueError as error:
        problems.append(f"--since, --until: {error}")
        return Window()


def _moment(option: str, text: str | None, problems: list[str]) -> datetime | None:
    """Return a date, or a date and an hour, in UTC unless the text names another zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        problems.append(f"{option} {text}: write a date, 2026-01-31, or a date and an hour, 2026-01-31T22, in UTC")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
