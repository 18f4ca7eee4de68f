"""The senders and decoders that the objects of a run share."""

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import DestinationUnavailable
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.sending.senders import Senders
from capture_forwarder.kinds.captures.decoder import CaptureDecoder, CaptureKind
from capture_forwarder.kinds.captures.whole_lines import WholeLineDecoder
from capture_forwarder.kinds.kind import BuilderOf
from tests.support.fakes import ImmediateExecutor, RecordingDestination, make_run, make_target
from tests.support.memory_world import ROUTE, SCHEMA

SOURCE = CaptureObject("captures", "churn/a.jsonl")


class RecordingKind(CaptureKind):
    """A kind that records the schemas of its decoders."""

    def __init__(self) -> None:
        self.made: list[tuple[str, ModelSchema | None]] = []

    def decoder(
        self, route: Route, schema: ModelSchema | None, build_row: RowBuilder, builder_of: BuilderOf | None = None
    ) -> CaptureDecoder | WholeLineDecoder:
        """Record the schema, and make the decoder."""
        self.made.append((route.name, schema))
        return super().decoder(route, schema, build_row, builder_of)


MODEL_SCHEMA = ModelSchema(SCHEMA.attributes[:1])


def test_a_decoder_gets_the_schema_of_its_route_and_is_made_once() -> None:
    """The schema comes from the configuration or from the model, or there is none."""
    destination, kind = RecordingDestination(), RecordingKind()
    destination.model_schema = MODEL_SCHEMA
    senders = Senders({"fake": make_target(destination, executor=ImmediateExecutor())}, kind, make_run())
    routes = [
        ROUTE,
        replace(ROUTE, name="typed", schema=SCHEMA),
        replace(ROUTE, name="asks", schema=SCHEMA, schema_from_model=True),
    ]
    decoders = [senders.decoder(route, SOURCE) for route in routes]
    assert kind.made == [("churn", None), ("typed", SCHEMA), ("asks", MODEL_SCHEMA)]
    assert [senders.decoder(route, SOURCE) for route in routes] == decoders
    assert len(kind.made) == 3


def test_a_schema_that_is_not_known_is_requested_once() -> None:
    """The same error is raised again."""
    destination = RecordingDestination()
    destination.schema_error = DestinationUnavailable("status 503")
    senders = Senders({"fake": make_target(destination, executor=ImmediateExecutor())}, CaptureKind(), make_run())
    for _ in range(3):
        with pytest.raises(DestinationUnavailable, match=r"^status 503$"):
            senders.decoder(replace(ROUTE, schema_from_model=True), SOURCE)
    assert destination.schema_requests == ["m"]


def test_routes_share_a_sender_if_destination_and_model_are_the_same() -> None:
    """The same model id at another destination is another model."""
    targets = {name: make_target(RecordingDestination(), executor=ImmediateExecutor()) for name in ("fake", "second")}
    senders = Senders(targets, CaptureKind(), make_run())
    first = senders.sender(ROUTE)
    assert senders.sender(replace(ROUTE, name="same", prefix="x/")) is first
    assert senders.sender(replace(ROUTE, model_id="n")) is not first
    assert senders.sender(replace(ROUTE, destination="second")) is not first
