"""The steps of a plan: a command prints or runs them. The text of a step is printed.

An entity that does not exist yet has a key, such as `new:model`, in place of an ARN.
"""

from collections.abc import Mapping

from msgspec import Struct

from integrations.lineage.graph import Edge, Vertex
from integrations.lineage.ports import NewEntity
from integrations.lineage.text import visible


class Create(Struct, frozen=True, tag=True):
    """Create an entity. The other steps of the plan name it by `key`."""

    key: str
    entity: NewEntity

    def __str__(self) -> str:
        named = self.entity.name or self.entity.source_uri
        return visible(f"create {self.entity.kind.lower()} {named} ({self.entity.type})")


class Amend(Struct, frozen=True, tag=True, kw_only=True):
    """Change an entity: merge `properties` into its own, and remove the keys of `removed`."""

    vertex: Vertex
    properties: Mapping[str, str] = {}
    removed: tuple[str, ...] = ()
    status: str | None = None
    description: str | None = None
    name: str | None = None
    """The new name. Only artifacts can get one."""

    def __str__(self) -> str:
        changed = [*(f"{key}={value}" for key, value in self.properties.items()), *(f"-{key}" for key in self.removed)]
        changed += [f"status {self.status}"] if self.status else []
        changed += ["description"] if self.description is not None else []
        changed += [f"name {self.name}"] if self.name else []
        return visible(f"update {self.vertex.kind.lower()} {self.vertex.label}: {', '.join(changed)}")


class Label(Struct, frozen=True, tag=True):
    """Set and remove tags."""

    arn: str
    tags: Mapping[str, str] = {}
    removed: tuple[str, ...] = ()
    count: int | None = None
    """The number of tags of the entity after the step; by default it has no others."""

    def __str__(self) -> str:
        changed = [*(f"{key}={value}" for key, value in self.tags.items()), *(f"-{key}" for key in self.removed)]
        return visible(f"tag {self.arn}: {', '.join(changed)}")


class Join(Struct, frozen=True, tag=True):
    """Add an association. Its ends are ARNs or keys."""

    edge: Edge

    def __str__(self) -> str:
        typed = f" ({self.edge.type})" if self.edge.type else ""
        return visible(f"link {_shown(self.edge.source)} -> {_shown(self.edge.destination)}{typed}")


class Disjoin(Struct, frozen=True, tag=True):
    """Delete an association."""

    source: str
    destination: str

    def __str__(self) -> str:
        return f"unlink {self.source} -> {self.destination}"


class Erase(Struct, frozen=True, tag=True):
    """Delete an entity."""

    vertex: Vertex

    def __str__(self) -> str:
        return visible(f"delete {self.vertex.kind.lower()} {self.vertex.label} {self.vertex.arn}")


NEW = "new:"
"""The beginning of the key of an entity that a step creates."""


def _shown(end: str) -> str:
    """Return an ARN, or the name of an entity that an earlier step creates."""
    return f"{end.removeprefix(NEW)} (new)" if end.startswith(NEW) else end


Step = Create | Amend | Label | Join | Disjoin | Erase
