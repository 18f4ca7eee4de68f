"""The dashboards of the page and their panels."""

from collections.abc import Iterator

from integrations.observability.page.items import Item

_NO_GEO = "CloudWatch has no table of places, so the addresses are shown"
_NO_TOKENS = "SageMaker has no such metric: the page took it from the app for Bedrock. A text says so"


def _numbered(board: str, *texts: str) -> Iterator[Item]:
    return (Item(f"{board}.{number}", text) for number, text in enumerate(texts, start=1))


_OF_USE = ("CPU", "GPU", "GPU memory", "memory", "disk")

DASHBOARDS = (
    Item("P1", "Overview"),
    Item("P1.1", "Places of successful and of failed events", _NO_GEO),
    Item("P1.2", "Read-only and other events"),
    Item("P1.3", "Most active users, and events invoked"),
    Item("P2", "CloudTrail Audit Overview"),
    Item("P2.1", "Audit events over time"),
    Item("P2.2", "Places of successful and of failed events", _NO_GEO),
    Item("P2.3", "Read-only and other events"),
    Item("P2.4", "Most active users, and events invoked"),
    Item("P3", "Model Invocation Log Analysis"),
    Item("P3.1", "Audit events of invocations"),
    Item("P3.2", "Operations, and models in use"),
    Item("P3.3", "Most active users", "Only with `data_events`, which CloudTrail bills by call"),
    Item(
        "P3.4", "Input and output of models", "Captured data enters no dashboard; a text names the route's destination"
    ),
    Item("P4", "Runtime Performance Monitoring"),
    Item("P4.1", "All metrics of invocations"),
    Item("P4.2", "Input and output tokens", _NO_TOKENS),
    Item("P4.3", "Images in the output", _NO_TOKENS),
    Item("L1", "Overview"),
    *_numbered(
        "L1",
        "Endpoint invocations",
        "Model errors",
        "Loaded models",
        "CPU and GPU of endpoints",
        "CPU and GPU of training jobs",
        "CPU and GPU of transform jobs",
        "CPU and GPU of processing jobs",
        "Latency of the feature store",
        "Throttled requests",
        "Executions of pipelines",
        "Trends by endpoint and job",
    ),
    Item("L2", "CloudTrail Audit"),
    Item("L3", "Models"),
    *_numbered(
        "L3",
        "Invocations",
        "Latency of models",
        "Cache hits",
        "Concurrent requests",
        "Loading time",
        "Downloading time",
        "Waiting time before loading",
        "Each by endpoint",
    ),
    Item("L4", "Endpoints"),
    *_numbered("L4", *_OF_USE, "Loaded models", "Access lines by status", "Lines by level"),
    Item("L5", "Endpoints Invocations"),
    *_numbered(
        "L5",
        "Invocations",
        "Invocations per instance",
        "4XX errors",
        "5XX errors",
        "Model errors",
        "Overhead latency",
        "Each by endpoint",
        "Trends",
    ),
    Item("L6", "Feature Store"),
    *_numbered(
        "L6", "Read units", "Write units", "Invocations", "Throttled requests", "4XX errors", "5XX errors", "Latency"
    ),
    Item("L7", "Pipeline"),
    *_numbered(
        "L7",
        *(
            f"{what} {state}"
            for what in ("Executions", "Steps")
            for state in ("started", "succeeded", "failed", "stopped")
        ),
        "Duration of executions",
        "Duration of steps",
        "Trends",
    ),
    Item("L8", "Processing Jobs"),
    *_numbered("L8", *_OF_USE, "Latest use by job", "Recent lines"),
    Item("L9", "Transform Jobs"),
    *_numbered("L9", *_OF_USE[:4]),
    Item("L9.5", "disk", "SageMaker publishes no disk use of transform jobs"),
    Item("L9.6", "Latest use by job"),
    Item("L9.7", "Recent lines"),
    Item("L10", "Training Jobs"),
    *_numbered("L10", *_OF_USE, "Latest use by job", "Recent lines"),
)
