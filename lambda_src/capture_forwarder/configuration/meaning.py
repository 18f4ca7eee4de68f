"""Options of `forwarder.toml` that do not fit together, or not to AWS."""

from collections.abc import Iterator

from capture_forwarder.configuration.addresses import proxy_problems, url_problems
from capture_forwarder.configuration.certificates import bundle_problem
from capture_forwarder.configuration.observability_checks import observability_problems
from capture_forwarder.configuration.route_checks import repeated, route_problems
from capture_forwarder.configuration.secret_reference import SecretReference
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import BucketSettings, StackSettings, Trigger
from capture_forwarder.configuration.suggestions import did_you_mean
from capture_forwarder.configuration.sumo_checks import sumo_problems
from capture_forwarder.destinations.http_settings import HttpSettings

_BATCH_WITHOUT_WINDOW = 10  # https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html


def meaning_problems(settings: Settings) -> Iterator[str]:
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
    if settings.observability:
        yield from observability_problems(settings.observability)
        yield from sumo_problems(settings.observability)


def _destination_problems(destination: HttpSettings, path: str) -> Iterator[str]:
    yield from (f"{path}.url: {problem}" for problem in url_problems(destination.url))
    if destination.ca_bundle and (problem := bundle_problem(destination.ca_bundle)):
        yield f"{path}.ca_bundle: {problem}"
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
        instead = did_you_mean(bucket.name, routed) or f"; there are {sorted(routed)}"
        yield f"{path}.name: no [[route]] names the bucket {bucket.name!r}{instead}"
    if bucket.create and bucket.account:
        yield f"{path}.account: remove it; a bucket that the stack makes is in the stack's own account"
    if not bucket.create and bucket.chosen_trigger is Trigger.S3:
        yield (
            f'{path}.trigger: write "eventbridge" and run `capture-forwarder enable-eventbridge {bucket.name}`; '
            "S3 keeps one notification configuration a bucket, and changing it can damage that of others"
        )
