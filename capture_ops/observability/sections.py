"""`[[observability.endpoint]]` as TOML text."""

import json
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from capture_forwarder.configuration.observability import EndpointSettings


class Section(Struct, frozen=True, kw_only=True):
    """One variant: its settings, and for comments the types of its instances and a sentence."""

    settings: EndpointSettings
    instance_types: tuple[str, ...] = ()
    comment: str = ""


def written(sections: Sequence[Section], region: str) -> str:
    """Return the sections as TOML, for `forwarder.toml`."""
    variants = "variant" if len(sections) == 1 else "variants"
    head = f"# {len(sections)} {variants} of endpoints in {region}. Copy the sections into forwarder.toml.\n"
    return head + "".join(f"\n{''.join(_lines(section))}" for section in sections)


def _lines(section: Section) -> Iterator[str]:
    yield "[[observability.endpoint]]\n"
    if section.comment:
        yield f"# {section.comment}\n"
    for name, value in msgspec.to_builtins(section.settings).items():
        if value is not None:
            comment = f"  # {', '.join(section.instance_types)}" if name == "vcpus" else ""
            # A basic string of TOML has the escapes of JSON.
            yield f"{name} = {json.dumps(value)}{comment}\n"
