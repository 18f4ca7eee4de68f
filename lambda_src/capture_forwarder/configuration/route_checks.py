"""Problems of a `[[route]]` whose options do not fit together."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from capture_forwarder.configuration.route_settings import RouteSettings, SchemaSource
from capture_forwarder.configuration.suggestions import did_you_mean
from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.domain.capture import Media, media_of
from capture_forwarder.domain.route import METADATA_PREFIX, UNROUTED, IdSource, Layout, OneSided, PayloadOptions
from capture_forwarder.domain.schema import Stage

_MAX_KEY_BYTES = 1024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
# These layouts make one row, or read no keys, so a path of a list means nothing beside them.
_WITHOUT_LIST = frozenset({Layout.WHOLE, Layout.VECTOR, Layout.OBJECT, Layout.ROWS})


def route_problems(route: RouteSettings, destinations: Mapping[str, HttpSettings], path: str) -> Iterator[str]:
    """Yield the problems of the route at `path`; `destinations` are all destinations, by name."""
    if route.destination not in destinations:
        instead = did_you_mean(route.destination, destinations) or f"; there are {sorted(destinations)}"
        yield f"{path}.destination: no [[destination]] is named {route.destination!r}{instead}"
    if route.name == UNROUTED:
        yield f"{path}.name: write another name; {UNROUTED!r} is that of objects without a route"
    if len(route.prefix.encode()) > _MAX_KEY_BYTES:
        yield f"{path}.prefix: write at most {_MAX_KEY_BYTES} bytes; a key in S3 has no more"
    if not route.prefix.isprintable():
        yield f"{path}.prefix: remove control characters and line ends"
    if destination := destinations.get(route.destination):
        yield from _destination_problems(route, destination, path)
    if route.schema is SchemaSource.MODEL and route.attribute:
        yield f'{path}.schema: write either schema = "model" or [[route.attribute]], not both'
    yield from _payload_problems(route.route.decoding.input, f"{path}.input")
    yield from _payload_problems(route.route.decoding.output, f"{path}.output")
    yield from _metadata_problems(route, f"{path}.metadata")
    yield from repeated((a.name for a in route.attribute), path + ".attribute: two are named {!r}")
    placed = (f"{a.stage} {a.position}" for a in route.attribute if a.position is not None)
    yield from repeated(placed, path + ".attribute: two share the position {}")


def _destination_problems(route: RouteSettings, destination: HttpSettings, path: str) -> Iterator[str]:
    """Yield the options of the route that its destination cannot follow."""
    if route.schema is SchemaSource.MODEL and not destination.knows_schemas:
        yield (
            f'{path}.schema: write [[route.attribute]] instead of "model"; the destination {destination.name!r} '
            "knows no attributes"
        )
    if destination.takes_lines:
        for option, value in (("id_source", IdSource.EVENT_ID), ("one_sided", OneSided.FORWARD)):
            if getattr(route, option) is value:
                yield f"{path}.{option}: remove it; the destination {destination.name!r} reads captured lines by itself"
        if route.metadata:
            yield f"{path}.metadata: remove it; the destination {destination.name!r} reads captured lines by itself"


def _payload_problems(options: PayloadOptions, path: str) -> Iterator[str]:
    """Yield the problems of one side's options, whose names begin with `path` and `_`."""
    media = media_of(options.content_type) if options.content_type else None
    if options.content_type and media is None:
        yield (
            f"{path}_content_type: rows are read from text/csv, application/json and application/jsonlines, arrays "
            "from application/x-npy and application/x-npz, one text from text/plain"
        )
    side = path.rpartition(".")[2]
    if media in (Media.JSON, Media.JSON_LINES):
        for name in ("csv_header", "csv_delimiter"):
            if getattr(options, name) is not None:
                yield f'{path}_{name}: remove it, or write {side}_content_type = "text/csv"; JSON has no {name[4:]}'
    yield from _key_problems(options, media, path, side)


def _key_problems(options: PayloadOptions, media: Media | None, path: str, side: str) -> Iterator[str]:
    """Yield the problems of the options that name keys of JSON."""
    if options.rows and options.layout in _WITHOUT_LIST:
        yield f'{path}_rows: remove it, or remove {side}_layout = "{options.layout}", which reads no list under a key'
    if options.call_keys and options.layout is Layout.WHOLE:
        yield f'{path}_call_keys: remove it; with {side}_layout = "whole" every value belongs to the call'
    for name in ("rows", "call_keys"):
        if getattr(options, name) and media is Media.CSV:
            yield f'{path}_{name}: remove it, or write {side}_content_type = "application/json"; CSV has no keys'
    if options.rows and (key := options.rows.rpartition(".")[2]) in options.call_keys:
        yield f"{path}_call_keys: remove {key!r}, which {side}_rows names as the list of rows"
    yield from repeated(options.call_keys, path + "_call_keys: remove one {!r}; it is there twice")


def _metadata_problems(route: RouteSettings, path: str) -> Iterator[str]:
    """Yield the problems of metadata; a schema that is not listed is not known before it is asked for."""
    yield from repeated(route.metadata, path + ": remove one {!r}; it is there twice")
    stage = Stage.NON_INPUT_DATA
    names = [attribute.name for attribute in route.attribute if attribute.stage is stage]
    for key in dict.fromkeys(route.metadata):
        name = re.compile(rf"{re.escape(METADATA_PREFIX + key)}(_\d+)?")
        if route.attribute and not any(map(name.fullmatch, names)):
            yield f'{path}: remove {key!r}, or list a {stage} attribute "{METADATA_PREFIX}{key}" (of a list, also "_0")'


def repeated(values: Iterable[str], sentence: str) -> Iterator[str]:
    """Yield `sentence` with each value that `values` hold more than once."""
    return (sentence.format(value) for value, count in Counter(values).items() if count > 1)
