"""The operations on associations and on lineage groups."""

from typing import Any

from tests.lineage_fake.entities import DEFAULT_PAGE, GROUP, check_room
from tests.lineage_fake.errors import invalid, not_found
from tests.lineage_fake.paging import page
from tests.lineage_fake.querying import within
from tests.lineage_fake.records import Association, Call, Entity
from tests.lineage_fake.store import Store

_OF_EXPERIMENTS = frozenset({"TrialComponent", "Experiment"})


def add_association(store: Store, call: Call) -> dict[str, Any]:
    """Answer AddAssociation."""
    source, destination = (_end(store, call, name) for name in ("SourceArn", "DestinationArn"))
    if {source.kind, destination.kind} <= _OF_EXPERIMENTS:
        raise invalid("An association between two experiment entities is not allowed.")
    if destination.arn in store.outgoing[source.arn]:
        raise invalid(f"Association from {source.arn} to {destination.arn} already exists.")
    if call.modes.refuse_cycles and _leads(store, destination.arn, source.arn):
        raise invalid(f"Association from {source.arn} to {destination.arn} would close a cycle.")
    check_room("Association", store, call)
    association = Association(
        source=source.arn,
        destination=destination.arn,
        type=call.get("AssociationType"),
        created=call.now,
        number=call.number,
    )
    store.link(association)
    return _ends(association)


def _end(store: Store, call: Call, name: str) -> Entity:
    entity = store.find(call.params[name], call)
    if entity is None:
        raise not_found(f"{name} {call.params[name]}")
    return entity


def _leads(store: Store, start: str, goal: str) -> bool:
    seen, frontier = {start}, [start]
    while frontier and goal not in seen:
        reached = {each for arn in frontier for each in store.outgoing.get(arn, {})} - seen
        seen |= reached
        frontier = list(reached)
    return goal in seen


def delete_association(store: Store, call: Call) -> dict[str, Any]:
    """Answer DeleteAssociation."""
    source, destination = call.params["SourceArn"], call.params["DestinationArn"]
    association = store.outgoing.get(source, {}).get(destination)
    if association is None or not call.sees(association):
        raise not_found(f"Association from {source} to {destination}")
    store.unlink(association)
    return _ends(association)


def _ends(association: Association) -> dict[str, Any]:
    return {"SourceArn": association.source, "DestinationArn": association.destination}


def list_associations(store: Store, call: Call) -> dict[str, Any]:
    """Answer ListAssociations. Its summaries have the names and types of both ends."""
    size = call.get("MaxResults") or DEFAULT_PAGE
    entries, token = page(store, call, size, lambda: _listed(store, call))
    return {"AssociationSummaries": entries, "NextToken": token}


def _listed(store: Store, call: Call) -> list[dict[str, Any]]:
    found = []
    for association in store.associations(call.get("SourceArn"), call.get("DestinationArn")):
        in_time = within(association.created, call.get("CreatedAfter"), call.get("CreatedBefore"))
        if call.sees(association) and in_time and call.get("AssociationType") in {None, association.type}:
            summary = _summary(store, call, association)
            if all(call.get(name) in {None, summary.get(name)} for name in ("SourceType", "DestinationType")):
                found.append((association.number, summary))
    order = call.get("SortBy") or "CreationTime"
    found.sort(key=lambda pair: (pair[1].get(order, ""), pair[0]), reverse=call.get("SortOrder") != "Ascending")
    return [summary for _, summary in found]


def _summary(store: Store, call: Call, association: Association) -> dict[str, Any]:
    source, destination = store.find(association.source, call), store.find(association.destination, call)
    summary = _ends(association) | {
        "AssociationType": association.type,
        "SourceName": source.name if source else None,
        "SourceType": source.type if source else None,
        "DestinationName": destination.name if destination else None,
        "DestinationType": destination.type if destination else None,
        "CreationTime": association.created,
    }
    return {name: value for name, value in summary.items() if value is not None}


def describe_lineage_group(store: Store, call: Call) -> dict[str, Any]:
    """Answer DescribeLineageGroup. An account has one group."""
    _check_group(store, call)
    return _group(store)


def get_lineage_group_policy(store: Store, call: Call) -> dict[str, Any]:
    """Answer GetLineageGroupPolicy. The group has no policy, because the fake shares no entities."""
    _check_group(store, call)
    return {"LineageGroupArn": store.arn("lineage-group", GROUP)}


def list_lineage_groups(store: Store, call: Call) -> dict[str, Any]:
    """Answer ListLineageGroups."""
    del call
    return {"LineageGroupSummaries": [_group(store)]}


def _check_group(store: Store, call: Call) -> None:
    wanted = call.params["LineageGroupName"]
    if wanted not in {GROUP, store.arn("lineage-group", GROUP)}:
        raise not_found(f"Lineage group {wanted}")


def _group(store: Store) -> dict[str, Any]:
    return {"LineageGroupName": GROUP, "LineageGroupArn": store.arn("lineage-group", GROUP)}
