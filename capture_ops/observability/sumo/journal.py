"""The changes of `sumo setup`: each is printed when it is made, and all are named if the run ends half way."""

from collections.abc import Callable

from rich.console import Console

from capture_ops.terminal.text import print_line

_PAST = {"create": "created", "update": "updated", "delete": "deleted", "write": "written"}


class Journal:
    """Makes changes one after the other, or with `dry_run` only prints them. `kept` are objects that are left."""

    def __init__(self, console: Console, *, dry_run: bool) -> None:
        self._console = console
        self.dry_run = dry_run
        self.done: list[str] = []
        self.kept: list[str] = []
        self._begun = ""

    def change(self, verb: str, kind: str, name: str, make: Callable[[], object]) -> None:
        """Make one change: `verb` is create, update, delete or write; `kind` and `name` are those of the object."""
        self._begun = f"{verb} the {kind} {name}"
        if not self.dry_run:
            make()
        self._begun = ""
        done = f"{_PAST[verb]} the {kind} {name}"
        self.done.append(done)
        print_line(self._console, f"would {verb} the {kind} {name}" if self.dry_run else done)

    def keep(self, kind: str, name: str, why: str) -> None:
        """Note an object that could not be removed, and why."""
        self.kept.append(f"{kind} {name}")
        print_line(self._console, f"kept the {kind} {name}: {why}", "yellow")

    def half_made(self) -> str:
        """Return the changes before a failure, and the change that may or may not be made."""
        begun = f"It is not known whether this was done: {self._begun}. " if self._begun else ""
        before = f"Before that: {', '.join(self.done)}. " if self.done else "Before that, no change was made. "
        return f"{begun}{before}Correct the cause and run the same command again: it does only what is missing."
