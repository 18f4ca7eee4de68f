"""Monitoring schedules: a flow with one job, whose inputs are the captures that it monitors."""

from collections.abc import Iterable, Iterator

from integrations.catalog.building import keys
from integrations.catalog.building.captures import Capture, place_of
from integrations.catalog.building.parts import Parts, shown, tags_of
from integrations.catalog.nodes import Edge, EdgeKind, Key, Node, Subtype
from integrations.catalog.options import S3Names
from integrations.catalog.values import Estate, MonitoringInput, MonitoringSchedule


def schedules(estate: Estate, found: Iterable[Capture], names: S3Names) -> Parts:
    """Yield every schedule, with edges from the captures of its endpoint and from those of batch transform jobs."""
    by_endpoint: dict[str, list[Key]] = {}
    for each in found:
        by_endpoint.setdefault(each.serving.endpoint.endpoint_name, []).append(each.key)
    for schedule in estate.schedules:
        key = keys.schedule(schedule.monitoring_schedule_name)
        node = _node(schedule, key, estate)
        yield Node(key=key.flow_key, label=node.label, subtype=Subtype.SCHEDULE, created=node.created, tags=node.tags)
        yield node
        sources = [source for name in _endpoints(schedule) for source in by_endpoint.get(name, ())]
        yield from (Edge(source, key, EdgeKind.READ_BY) for source in [*sources, *_batches(schedule, names)])


def _node(schedule: MonitoringSchedule, key: Key, estate: Estate) -> Node:
    config = schedule.monitoring_schedule_config
    return Node(
        key=key,
        label=schedule.monitoring_schedule_name,
        subtype=Subtype.SCHEDULE,
        created=schedule.creation_time,
        properties=shown(
            {
                "MonitoringScheduleArn": schedule.monitoring_schedule_arn,
                "MonitoringScheduleStatus": schedule.monitoring_schedule_status,
                "MonitoringType": schedule.monitoring_type or (config.monitoring_type if config else ""),
                "EndpointName": tuple(_endpoints(schedule)),
                "MonitoringJobDefinitionName": config.monitoring_job_definition_name if config else "",
                "ScheduleExpression": (
                    config.schedule_config.schedule_expression if config and config.schedule_config else ""
                ),
            }
        ),
        tags=tags_of(estate, schedule.monitoring_schedule_arn),
    )


def _endpoints(schedule: MonitoringSchedule) -> list[str]:
    """Return the monitored endpoints: the schedule names one, or its own job definition does."""
    listed = [each.endpoint_input.endpoint_name for each in _inputs(schedule) if each.endpoint_input]
    return [name for name in dict.fromkeys([schedule.endpoint_name, *listed]) if name]


def _batches(schedule: MonitoringSchedule, names: S3Names) -> Iterator[Key]:
    """Yield where batch transform jobs capture, if the schedule monitors that."""
    for each in _inputs(schedule):
        uri = each.batch_transform_input.data_captured_destination_s3_uri if each.batch_transform_input else ""
        if place_of(uri):
            yield keys.s3_data_set(uri, names)


def _inputs(schedule: MonitoringSchedule) -> tuple[MonitoringInput, ...]:
    config = schedule.monitoring_schedule_config
    definition = config.monitoring_job_definition if config else None
    return definition.monitoring_inputs if definition else ()
