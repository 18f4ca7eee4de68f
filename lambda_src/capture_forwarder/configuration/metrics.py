"""Every metric that the forwarder emits: the registry behind the telemetry, the alarms and the documentation."""

from enum import Enum

from msgspec import Struct

NAMESPACE = "CaptureForwarder"
DIMENSIONS = ("route", "destination")
TOTAL_DIMENSION = "stack"


class Definition(Struct, frozen=True):
    """One metric: its CloudWatch name and unit, and what it counts."""

    name: str
    unit: str
    meaning: str


class Metric(Enum):
    """The metrics; dimensions are `route` and `destination` only, so that their number stays bounded.

    `TOTALS` are emitted a second time under the name of the stack alone, because an alarm cannot sum what it would have
    to search for: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-search-expressions.html
    """

    OBJECTS_FORWARDED = Definition("ObjectsForwarded", "Count", "capture objects that a run is through with")
    OBJECTS_REJECTED = Definition(
        "ObjectsRejected", "Count", "capture objects refused as a whole: deleted before they were read, or archived"
    )
    RECORDS_READ = Definition("RecordsRead", "Count", "lines read from capture objects")
    RECORDS_REJECTED = Definition("RecordsRejected", "Count", "lines that hold no readable capture; codes in the log")
    RECORDS_SKIPPED = Definition("RecordsSkipped", "Count", "lines rightly left out; reasons in the log")
    INFERENCES_ACCEPTED = Definition("InferencesAccepted", "Count", "inferences that the destination took")
    INFERENCES_DUPLICATE = Definition("InferencesDuplicate", "Count", "inferences that the destination had already")
    INFERENCES_REJECTED = Definition("InferencesRejected", "Count", "inferences refused for good; codes in the log")
    INFERENCES_PENDING = Definition("InferencesPending", "Count", "inferences still owed at the end of the run")
    REQUESTS_SENT = Definition("RequestsSent", "Count", "requests to the destination, tries included")
    REQUEST_RETRIES = Definition(
        "RequestRetries", "Count", "requests that settled nothing or not all, to be tried again"
    )
    REQUESTS_DENIED = Definition(
        "RequestsDenied", "Count", "requests refused until a person mends token, permission or id"
    )
    REQUEST_LATENCY = Definition("RequestLatency", "Seconds", "time from sending a request to its answer")
    CAPTURE_LAG = Definition(
        "CaptureLag", "Seconds", "time from the newest inference of an object until the object is done with"
    )
    CONSERVATION_VIOLATIONS = Definition("ConservationViolations", "Count", "ledgers that do not add up; always 0")


TOTALS = frozenset(
    {
        Metric.RECORDS_READ,
        Metric.RECORDS_REJECTED,
        Metric.INFERENCES_ACCEPTED,
        Metric.INFERENCES_DUPLICATE,
        Metric.INFERENCES_REJECTED,
        Metric.INFERENCES_PENDING,
        Metric.REQUESTS_DENIED,
        Metric.CONSERVATION_VIOLATIONS,
    }
)

# Of these every value is kept, of all others their sum over a run.
TIMES = frozenset({Metric.REQUEST_LATENCY, Metric.CAPTURE_LAG})
