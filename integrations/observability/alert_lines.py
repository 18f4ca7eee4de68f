"""The thresholds of alarms as lines in graphs."""

from capture_forwarder.configuration.observability import AlertName, ObservabilitySettings
from integrations.observability.alerts import alert_of
from integrations.observability.panels import Line


def alarm_line(settings: ObservabilitySettings, name: AlertName, divisor: float = 1) -> tuple[Line, ...]:
    """Return the threshold of an alert, divided by `divisor`, in the unit of a graph; no line if it is disabled."""
    alert = alert_of(settings, name)
    return (Line("alarm", alert.threshold / divisor),) if alert else ()
