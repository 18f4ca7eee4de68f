"""The text of a document: YAML or JSON. YAML needs the extra `lineage`; JSON needs no extra.

Scalars keep the text that the file has: `1.0` and `true` are no other value than "1.0" and "true", because properties
are texts. Only an empty value, `~` and `null` mean that there is no value.
"""

import json
import re
from collections import Counter
from typing import Any

from integrations.lineage.documents.document import problems_of_names
from integrations.lineage.errors import Invalid

_NULL = "tag:yaml.org,2002:null"
_NULLS = re.compile(r"^(?:~|null|Null|NULL|)$")
_MAX_BYTES = 50_000_000


class YamlMissing(Exception):
    """PyYAML is not installed."""


def read_text(text: str, *, yaml: bool | None = None) -> Any:
    """Return the content of a file.

    Args:
        text: The text of the file.
        yaml: Whether it is YAML; None tries JSON first.

    Raises:
        Invalid: The text is neither, or a name is written twice.
        YamlMissing: It is YAML, and PyYAML is not installed.
    """
    if len(text) > _MAX_BYTES:
        raise Invalid(f"The file is larger than {_MAX_BYTES} characters; an account holds no such lineage")
    twice: list[str] = []
    if yaml:
        content = _yaml(text, twice)
    else:
        try:
            content = _json(text, twice)
        except (ValueError, RecursionError) as error:
            if yaml is False:
                raise Invalid(f"The file is no JSON: {error}") from error
            content = _yaml(text, twice)
    if twice:
        raise Invalid("\n".join(problems_of_names(twice)))
    return content


def json_text(content: Any) -> str:
    """Return the content as JSON in ASCII: a terminal executes nothing of it."""
    return json.dumps(content, indent=2) + "\n"


def yaml_text(content: Any) -> str:
    """Return the content as YAML in ASCII; texts that look like other values are quoted.

    Raises:
        YamlMissing: PyYAML is not installed.
    """
    yaml = _module()
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=False, width=10_000))


def _json(text: str, twice: list[str]) -> Any:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.extend(_repeated([name for name, _ in found]))
        return {name: _as_text(value) for name, value in found}

    return json.loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=str)


def _as_text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _yaml(text: str, twice: list[str]) -> Any:
    yaml = _module()

    class Loader(yaml.BaseLoader):  # type: ignore[name-defined,misc] # the module is loaded only here
        """Reads every scalar as text, and notes the names that are written twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - PyYAML's form
            twice.extend(_repeated([key.value for key, _ in node.value if isinstance(key.value, str)]))
            return super().construct_mapping(node, deep=deep)

    Loader.add_implicit_resolver(_NULL, _NULLS, ["~", "n", "N", ""])
    Loader.add_constructor(_NULL, lambda *_: None)
    try:
        return yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, RecursionError, TypeError) as error:
        raise Invalid(f"The file is no YAML: {error}") from error


def _repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _module() -> Any:
    try:
        import yaml  # noqa: PLC0415 - an extra, loaded only for YAML
    except ModuleNotFoundError as error:
        raise YamlMissing from error
    return yaml
