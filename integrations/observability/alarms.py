"""Alarms as values."""

from msgspec import Struct

from capture_forwarder.configuration.observability import AlertName
from integrations.observability.queries import Query


class Alarm(Struct, frozen=True, kw_only=True):
    """One alarm: it goes off when the one visible query exceeds `above` in `breaches` of the last `periods` periods.

    `id` is unique in the stack, and the last part of the alarm's name. `section` is the section of the runbook, and
    `ids` are the items of the page that it serves. Missing data never goes off. `endpoint` is the endpoint whose
    composite alarm includes it.
    """

    id: str
    alert: AlertName
    ids: tuple[str, ...] = ()
    section: str
    text: str
    queries: tuple[Query, ...]
    above: float
    periods: int = 1
    breaches: int = 1
    endpoint: str = ""


class CompositeAlarm(Struct, frozen=True, kw_only=True):
    """An alarm that goes off when one of `alarms`, by their ids, does."""

    id: str
    endpoint: str
    section: str
    text: str
    alarms: tuple[str, ...]
