"""Every metric of the forwarder: telemetry, alarms and documentation use this registry."""

from enum import Enum

from msgspec import Struct

NAMESPACE = "CaptureForwarder"
DIMENSIONS = ("route", "destination")
ENDPOINT_DIMENSIONS = ("endpoint", "variant")
TOTAL_DIMENSION = "stack"


class Definition(Struct, frozen=True):
    """One metric: its CloudWatch name and unit, and its meaning."""

    name: str
    unit: str
    meaning: str


class Metric(Enum):
    """The metrics; their dimensions are `route` and `destination`, so that the number of metrics stays small.

    `TOTALS` are emitted a second time with the name of the stack as the only dimension: an alarm cannot sum the result
    of a search (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-search-expressions.html).
    """

    OBJECTS_FORWARDED = Definition(
        "ObjectsForwarded", "Count", "capture objects that a run has handled, whatever the result"
    )
    OBJECTS_REJECTED = Definition(
        "ObjectsRejected",
        "Count",
        "capture objects rejected as a whole: deleted before they were read, archived or damaged",
    )
    OBJECTS_GIVEN_UP = Definition(
        "ObjectsGivenUp",
        "Count",
        "objects that waited for a person for `give_up_days`, and are in quarantine now as a whole",
    )
    OBJECTS_ARRIVED = Definition(
        "ObjectsArrived",
        "Count",
        "capture objects that an event named, without requeued ones and backfills; with the dimension `stack` only",
    )
    OBJECTS_SKIPPED = Definition(
        "ObjectsSkipped",
        "Count",
        "objects that are skipped, because no route has their suffix or the bucket's `unrouted` says so; with the "
        "dimension `stack` only; the log has examples",
    )
    OBJECTS_UNROUTED = Definition(
        "ObjectsUnrouted",
        "Count",
        "objects that no route's prefix covers; they are in quarantine; with the dimension `stack` only",
    )
    RECORDS_READ = Definition("RecordsRead", "Count", "lines read from capture objects")
    RECORDS_COMPILED = Definition(
        "RecordsCompiled",
        "Count",
        "lines that the compiled path read; where they are few, every line costs ten times as much",
    )
    RECORDS_REJECTED = Definition("RecordsRejected", "Count", "lines without a readable capture; the log has the codes")
    RECORDS_SKIPPED = Definition(
        "RecordsSkipped", "Count", "lines that are not meant to be forwarded; the log has the reasons"
    )
    INFERENCES_ACCEPTED = Definition("InferencesAccepted", "Count", "inferences that the destination accepted")
    INFERENCES_DUPLICATE = Definition("InferencesDuplicate", "Count", "inferences that the destination already had")
    INFERENCES_REJECTED = Definition(
        "InferencesRejected", "Count", "inferences rejected permanently; the log has the codes"
    )
    INFERENCES_PENDING = Definition("InferencesPending", "Count", "inferences that are pending at the end of a run")
    VALUES_LEFT_OUT = Definition(
        "ValuesLeftOut", "Count", "captured values that are not data, such as a version of the server, and are not sent"
    )
    INFERENCE_IDS_REUSED = Definition(
        "InferenceIdsReused",
        "Count",
        "calls whose inference id an earlier call of the run had with other content; the log has the remedy",
    )
    LAYOUT_CHANGED = Definition(
        "LayoutChanged",
        "Count",
        "records that are read in another way than all earlier ones of the route and run with the same content types",
    )
    REQUESTS_SENT = Definition("RequestsSent", "Count", "requests to the destination, retries included")
    REQUEST_RETRIES = Definition("RequestRetries", "Count", "requests after which some inferences must be sent again")
    REQUESTS_DENIED = Definition(
        "RequestsDenied", "Count", "requests denied until a person corrects the token, its permissions or an id"
    )
    REQUEST_LATENCY = Definition("RequestLatency", "Seconds", "time from a request to its answer")
    CAPTURE_LAG = Definition(
        "CaptureLag", "Seconds", "time from the newest inference of an object to the end of its forwarding"
    )
    PENDING_AGE = Definition(
        "PendingAge", "Seconds", "time since an object first had to wait for a retry; only of objects that still wait"
    )
    BLOCKED_AGE = Definition(
        "BlockedAge",
        "Seconds",
        "time since an object first had to wait for a person; only of objects that still do; the log has the next step",
    )
    CAPTURES_READ = Definition(
        "CapturesRead",
        "Count",
        "captured calls in committed lines, by `endpoint` and `variant`, at the time of the calls: the minute of the "
        "newest of an object; only of variants that `[observability]` lists, and not of calls more than 14 days ago",
    )
    CONSERVATION_VIOLATIONS = Definition(
        "ConservationViolations", "Count", "objects with counts that do not add up; always 0"
    )


TOTALS = frozenset(
    {
        Metric.RECORDS_READ,
        Metric.RECORDS_REJECTED,
        Metric.INFERENCES_ACCEPTED,
        Metric.INFERENCES_DUPLICATE,
        Metric.INFERENCES_REJECTED,
        Metric.INFERENCES_PENDING,
        Metric.PENDING_AGE,
        Metric.BLOCKED_AGE,
        Metric.OBJECTS_GIVEN_UP,
        Metric.REQUESTS_DENIED,
        Metric.CONSERVATION_VIOLATIONS,
    }
)

# Every value of these is kept; the others are summed over a run.
TIMES = frozenset({Metric.REQUEST_LATENCY, Metric.CAPTURE_LAG, Metric.PENDING_AGE, Metric.BLOCKED_AGE})

# These have the dimension `destination` only, because routes share requests.
OF_REQUESTS = frozenset({Metric.REQUESTS_SENT, Metric.REQUEST_RETRIES, Metric.REQUESTS_DENIED, Metric.REQUEST_LATENCY})

# These have the dimension `stack` only: some objects have no route, and one alarm watches the arrival of all.
OF_STACK = frozenset({Metric.OBJECTS_ARRIVED, Metric.OBJECTS_SKIPPED, Metric.OBJECTS_UNROUTED})

# These have the dimensions `endpoint` and `variant`, as the invocations that they are compared with.
OF_ENDPOINTS = frozenset({Metric.CAPTURES_READ})
