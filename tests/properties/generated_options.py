"""Options of a route for generated calls, as the project takes them and as the reference does."""

from functools import lru_cache
from random import Random
from typing import Any

from capture_forwarder.domain.route import CsvSpace, DecodingOptions, Layout, OneSided, PayloadOptions
from capture_forwarder.kinds.captures.plain import PlainPath
from tests.reference.model import Options, SideOptions

LAYOUTS = (None, None, "whole", "arrays", "list", "columns", "kserve")


def generated_options(random: Random) -> Options:
    """Return options, some that fit a call and others that do not."""
    return Options(
        side_options(random), side_options(random), forward=random.random() < 0.2, trim=random.random() < 0.2
    )


def side_options(random: Random) -> SideOptions:
    """Return the options of one side; most sides have one."""
    chosen: dict[str, Any] = random.choice(
        (
            {},
            {"layout": random.choice(LAYOUTS)},
            {"header": random.choice((True, False))},
            {"delimiter": random.choice((";", ",", "\t"))},
            {"call_keys": ("labels", "unit", "limits")},
            {"rows": random.choice(("predictions", "instances", "body.rows", "embeddings"))},
            {"content_type": random.choice(("text/csv", "application/json", "application/jsonlines", "text/plain"))},
        )
    )
    return SideOptions(**chosen)


@lru_cache(256)
def reader(options: Options) -> PlainPath:
    """Return the project's reader of a route with these options."""
    return PlainPath(decoding_options(options))


def decoding_options(options: Options) -> DecodingOptions:
    """Return options as the project takes them."""
    return DecodingOptions(
        input=payload_options(options.request),
        output=payload_options(options.answer),
        one_sided=OneSided.FORWARD if options.forward else OneSided.REJECT,
        csv_space=CsvSpace.TRIM if options.trim else CsvSpace.AUTO,
    )


def payload_options(side: SideOptions) -> PayloadOptions:
    """Return the options of one side as the project takes them."""
    layout = Layout(side.layout) if side.layout else None
    return PayloadOptions(side.content_type, layout, side.header, side.delimiter, side.rows, side.call_keys)
