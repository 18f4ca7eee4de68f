"""Switches for the behaviour that the documentation of the real service leaves open."""

from enum import StrEnum

from msgspec import Struct


class Tokens(StrEnum):
    """The meaning of a page token."""

    SNAPSHOT = "snapshot"
    """The list as it was at the first page: deletions between pages skip no entry."""
    OFFSET = "offset"
    """A number of entries of the list as it is now: a deletion between pages skips an entry."""


class EdgePages(StrEnum):
    """How QueryLineage spreads edges over pages."""

    WITH_VERTICES = "with-vertices"
    """An edge is on the page that completes its ends. A start's edges need no further page."""
    ALONE = "alone"
    """All pages of vertices come first, then the pages of edges."""
    REPEATED = "repeated"
    """An edge is on the pages of both ends."""


class Updates(StrEnum):
    """The effect of an update on properties that it does not name. AWS's documentation and tests allow both."""

    OVERWRITE = "overwrite"
    MERGE = "merge"


class ArtifactIdentity(StrEnum):
    """The part of the source that two artifacts must not share."""

    URI = "uri"
    """The guide: one artifact for a SourceUri."""
    SOURCE = "source"
    """DeleteArtifact takes the whole source: one artifact for a SourceUri with its SourceTypes."""


class Limits(Struct, frozen=True, kw_only=True):
    """How many entities of a kind an account may create in a region. The guide's numbers; automatic ones are free."""

    artifacts: int = 6_000
    contexts: int = 500
    actions: int = 3_000
    associations: int = 6_000


class Modes(Struct, frozen=True, kw_only=True):
    """All switches of the fake."""

    tokens: Tokens = Tokens.SNAPSHOT
    edge_pages: EdgePages = EdgePages.WITH_VERTICES
    empty_pages: bool = False
    """Whether a query answers every second request with an empty page and a token."""
    updates: Updates = Updates.OVERWRITE
    artifact_identity: ArtifactIdentity = ArtifactIdentity.URI
    refuse_cycles: bool = False
    throttle_every: int = 0
    """Every n-th call is refused with ThrottlingException. 0: none."""
    conflict_every: int = 0
    """Every n-th update is refused with ConflictException. 0: none."""
    hidden_for_calls: int = 0
    """For so many calls after its creation, an entity or association is in no answer."""
    denied: frozenset[str] = frozenset()
    """Operations that are refused with AccessDeniedException."""
    limits: Limits = Limits()
