"""Tags of lineage entities. moto keeps those of its own resources, and knows no ARNs of lineage."""

from typing import Any

from tests.lineage_fake.entities import tags_of
from tests.lineage_fake.errors import invalid, not_found
from tests.lineage_fake.records import Call, Entity
from tests.lineage_fake.store import Store

MAX_TAGS = 50


def is_of_lineage(arn: str) -> bool:
    """Return whether an ARN is one of an artifact, action or context."""
    return arn.rsplit(":", 1)[-1].split("/", 1)[0] in {"artifact", "action", "context"}


def add_tags(store: Store, call: Call) -> dict[str, Any]:
    """Answer AddTags."""
    entity = _tagged(store, call)
    tags = entity.tags | tags_of(call.params["Tags"])
    if len(tags) > MAX_TAGS:
        raise invalid(f"{entity.arn} may have at most {MAX_TAGS} tags.")
    entity.tags = tags
    return list_tags(store, call)


def list_tags(store: Store, call: Call) -> dict[str, Any]:
    """Answer ListTags. All tags of an entity fit into a page."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(store, call).tags.items()]}


def delete_tags(store: Store, call: Call) -> dict[str, Any]:
    """Answer DeleteTags."""
    entity = _tagged(store, call)
    entity.tags = {key: value for key, value in entity.tags.items() if key not in call.params["TagKeys"]}
    return {}


def _tagged(store: Store, call: Call) -> Entity:
    entity = store.find(call.params["ResourceArn"], call)
    if entity is None:
        raise not_found(call.params["ResourceArn"])
    return entity
