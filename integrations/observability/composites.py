"""One composite alarm for each listed endpoint: the state of all its variants."""

from collections.abc import Iterator, Sequence

from capture_forwarder.configuration.settings import Settings
from integrations.observability.alarms import Alarm, CompositeAlarm
from integrations.observability.chosen_alarms import alarms

SECTION = "Endpoint"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
MAX_ALARMS = 100
MAX_RULE_CHARS = 10_240


def alarm_name(stack_name: str, alarm_id: str) -> str:
    """Return the name of an alarm. Its parts have no slash, so no two alarms have the same name."""
    return f"{stack_name}/{alarm_id}"


def composites(chosen: Sequence[Alarm]) -> tuple[CompositeAlarm, ...]:
    """Return the composite alarms of `chosen` alarms, in the order of their endpoints."""
    endpoints = dict.fromkeys(alarm.endpoint for alarm in chosen if alarm.endpoint)
    return tuple(
        CompositeAlarm(
            id=f"{SECTION}/{endpoint}",
            endpoint=endpoint,
            section=SECTION,
            text=f"An alarm of the endpoint {endpoint} is on.",
            alarms=tuple(alarm.id for alarm in chosen if alarm.endpoint == endpoint),
        )
        for endpoint in endpoints
    )


def rule(composite: CompositeAlarm, stack_name: str) -> str:
    """Return the rule of a composite alarm, as CloudWatch takes it; names of alarms have no quotation marks."""
    return " OR ".join(f'ALARM("{alarm_name(stack_name, each)}")' for each in composite.alarms)


def composite_problems(settings: Settings) -> Iterator[str]:
    """Yield the endpoints with more alarms than one composite alarm takes, with the remedy."""
    if settings.observability is None:
        return
    for composite in composites(alarms(settings.observability, settings.stack.name)):
        count, length = len(composite.alarms), len(rule(composite, settings.stack.name))
        if count > MAX_ALARMS or length > MAX_RULE_CHARS:
            yield (
                f"observability.endpoint: {composite.endpoint!r} has {count} alarms, with {length:,} characters of "
                f"names; a composite alarm takes at most {MAX_ALARMS} alarms and {MAX_RULE_CHARS:,} characters; list "
                "fewer of its variants, or disable an alert with [[observability.alert]]"
            )
