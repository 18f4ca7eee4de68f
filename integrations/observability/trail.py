"""The events that a trail of the stack records."""

from collections.abc import Iterator

from capture_forwarder.configuration.observability import ObservabilitySettings

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
DATA_RESOURCE = "AWS::SageMaker::Endpoint"


def trail_selectors(settings: ObservabilitySettings) -> Iterator[dict[str, list[str]]]:
    """Yield the selectors of the trail: the values that each field of an event must have.

    Each selector records the events that have one of the values of every field.
    """
    writes = {} if settings.read_only_events else {"readOnly": ["false"]}
    yield {"eventCategory": ["Management"], **writes}
    if settings.data_events:
        yield {"eventCategory": ["Data"], "resources.type": [DATA_RESOURCE]}
