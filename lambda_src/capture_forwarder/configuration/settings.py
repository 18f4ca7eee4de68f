"""`forwarder.toml` as types: the function, the stack and the commands share them.

A field is an option of the file, and its `description` is the option's meaning. Where the limits of a type do not
describe its values, its `title` does. The check, the reference page and the JSON Schema use both.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from capture_forwarder.configuration.observability import ObservabilitySettings
from capture_forwarder.configuration.route_settings import RouteSettings
from capture_forwarder.configuration.stack import BucketSettings, StackSettings, Unrouted
from capture_forwarder.destinations.registry import DestinationSettings
from capture_forwarder.domain.option_types import Positive, Seconds
from capture_forwarder.domain.route import Route


class FunctionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[function]`: limits of one invocation."""

    max_line_bytes: Annotated[Positive, Meta(description="A longer line is rejected unread")] = 64 * 1024 * 1024
    checkpoint_secs: Annotated[
        Seconds,
        Meta(
            description="While an object is read, its progress is saved at most once in this time, and also when its "
            "rejections take 16 MiB"
        ),
    ] = 20.0
    first_delay_secs: Annotated[
        int, Meta(ge=0, le=900, description="First delay of pending work in the queue; it doubles each time, up to 900")
    ] = 30
    give_up_days: Annotated[
        int,
        Meta(
            ge=1,
            le=12,
            description="An object that still waits for a person after so long moves to quarantine, as code `given_up`",
        ),
    ] = 7


class LineageSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[lineage]`: the records of the stack in SageMaker's lineage."""

    register: Annotated[
        bool,
        Meta(
            description="Record at each deployment in SageMaker's lineage where the captures of every route are sent. "
            "It is for routes whose prefix names their endpoint. A failure is a warning: no deployment fails by it"
        ),
    ] = False


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    destination: Annotated[tuple[DestinationSettings, ...], Meta(min_length=1, description="Monitoring APIs")]
    route: Annotated[tuple[RouteSettings, ...], Meta(min_length=1, description="Captures and their models")]
    function: Annotated[FunctionSettings, Meta(description="Limits of one invocation")] = field(
        default_factory=FunctionSettings
    )
    stack: Annotated[StackSettings, Meta(description="The stack in AWS")] = field(default_factory=StackSettings)
    bucket: Annotated[tuple[BucketSettings, ...], Meta(description="Buckets that need more than their name")] = ()
    lineage: Annotated[LineageSettings, Meta(description="Records in SageMaker's lineage")] = field(
        default_factory=LineageSettings
    )
    observability: Annotated[
        ObservabilitySettings | None, Meta(description="Dashboards, alarms and the audit log of the endpoints")
    ] = None

    def with_paths_in(self, folder: Path) -> "Settings":
        """Return the settings with absolute paths; a relative path is one in `folder`."""
        placed = (
            replace(one, ca_bundle=str(folder.absolute() / one.ca_bundle)) if one.ca_bundle else one
            for one in self.destination
        )
        return replace(self, destination=tuple(placed))

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route as a value of the domain."""
        return tuple(settings.route for settings in self.route)

    @property
    def buckets(self) -> dict[str, BucketSettings]:
        """The settings of every bucket that a route names, by name, in the order of the file."""
        named = {bucket.name: bucket for bucket in self.bucket}
        return {route.bucket: named.get(route.bucket) or BucketSettings(name=route.bucket) for route in self.route}

    @property
    def skipped_buckets(self) -> frozenset[str]:
        """The buckets whose objects are skipped if no route covers them."""
        return frozenset(bucket.name for bucket in self.bucket if bucket.unrouted is Unrouted.SKIP)

    def bucket_owners(self, own_account: str) -> dict[str, str]:
        """Return the account that owns each bucket of a route: the one in the file, else `own_account`."""
        return {name: bucket.account or own_account for name, bucket in self.buckets.items()}
