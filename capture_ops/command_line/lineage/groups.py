"""Groups of options: a command takes one value for several options that belong together, and several commands share it.

A group is a NamedTuple. Each of its fields is an option in the form of typer. A NamedTuple costs the help no import.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

from typer.models import ArgumentInfo

from capture_ops.command_line.lineage.connection import Connection, options_named
from capture_ops.terminal.errors import CommandError

# An empty description replaces the one that an entity has.
_MAY_BE_EMPTY = {"description"}


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command for typer, with the options of its groups in place of the groups.

    Empty texts are refused, all at once. Errors of the connection name the option that was given.
    """
    signature = inspect.signature(command)
    groups = {each.name: each.annotation for each in signature.parameters.values() if _is_group(each.annotation)}
    parameters = [each for one in signature.parameters.values() for each in _expanded(one)]
    titles = {each.name: _title(each) for each in parameters}

    @wraps(command)
    def run(**values: Any) -> None:
        _refuse_empty(values, titles)
        made = {name: group(*(values.pop(field) for field in group._fields)) for name, group in groups.items()}
        with options_named(made.get("connection", Connection())):
            command(**values, **made)

    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined] # typer reads it
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _is_group(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, tuple) and hasattr(annotation, "_fields")


def _expanded(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    """Yield the options of a group, else the parameter. Typer passes all by name."""
    group: Any = parameter.annotation
    if not _is_group(group):
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        return
    for name, annotation in inspect.get_annotations(group).items():
        default = group._field_defaults.get(name, inspect.Parameter.empty)
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _refuse_empty(values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    """Raise `CommandError` with all options and arguments that are empty texts."""
    wrong = [titles[name] for name, value in values.items() if name not in _MAY_BE_EMPTY and _has_empty(value)]
    if wrong:
        raise CommandError("\n".join(f"{title} is empty; give a text" for title in wrong))


def _has_empty(value: Any) -> bool:
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and not text.strip() for text in texts)


def _title(parameter: inspect.Parameter) -> str:
    """Return an argument or an option as the help writes it."""
    (info,) = parameter.annotation.__metadata__
    if isinstance(info, ArgumentInfo):
        return info.metavar or parameter.name.upper()
    return f"--{parameter.name.strip('_').replace('_', '-')}"
