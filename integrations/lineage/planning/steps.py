"""The steps of a plan: a command prints or runs them. The text of a step is printed.

An entity that does not exist yet has a key, such as `new:model`, in place of an ARN.
"""

from collections.abc import Mapping

from msgspec import Struct

from integrations.lineage.graph import Edge, Vertex
from integrations.lineage.ports import NewEntity


class Create(Struct, frozen=True, tag=True):
    """Create an entity. The other steps of the plan name it by `key`."""

    key: str
    entity: NewEntity

    def __str__(self) -> str:
        named = self.entity.name or self.entity.source_uri
        return f"create {self.entity.kind.lower()} {named} ({self.entity.type})"


class Amend(Struct, frozen=True, tag=True, kw_only=True):
    """Change an entity: merge `properties` into its own, and remove the keys of `removed`."""

    vertex: Vertex
    properties: Mapping[str, str] = {}
    removed: tuple[str, ...] = ()
    status: str | None = None
    description: str | None = None

    def __str__(self) -> str:
        changed = [*(f"{key}={value}" for key, value in self.properties.items()), *(f"-{key}" for key in self.removed)]
        changed += [f"status {self.status}"] if self.status else []
        changed += ["description"] if self.description is not None else []
        return f"update {self.vertex.kind.lower()} {self.vertex.label}: {', '.join(changed)}"


class Label(Struct, frozen=True, tag=True):
    """Set and remove tags."""

    arn: str
    tags: Mapping[str, str] = {}
    removed: tuple[str, ...] = ()

    def __str__(self) -> str:
        changed = [*(f"{key}={value}" for key, value in self.tags.items()), *(f"-{key}" for key in self.removed)]
        return f"tag {self.arn}: {', '.join(changed)}"


class Join(Struct, frozen=True, tag=True):
    """Add an association. Its ends are ARNs or keys."""

    edge: Edge

    def __str__(self) -> str:
        return f"link {self.edge.source} -> {self.edge.destination}" + (
            f" ({self.edge.type})" if self.edge.type else ""
        )


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
        return f"delete {self.vertex.kind.lower()} {self.vertex.label} {self.vertex.arn}"


Step = Create | Amend | Label | Join | Disjoin | Erase
