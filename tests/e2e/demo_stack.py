"""`make demo-stack`: the stack deployed to AWS on this machine, and a table of the inferences that arrive."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct, field
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from capture_ops.commands.demo import expected_inferences, sample_captures
from capture_ops.terminal.interruption import end_on_signals
from tests.e2e import configurations
from tests.e2e.configurations import BUCKET, REJECTED, REJECTING_ROUTE
from tests.e2e.deployment import run
from tests.e2e.world import World, running_world

_BETWEEN_OBJECTS_SECS = 0.25
_PATIENCE_SECS = 60
_INTERRUPTED = 130  # the exit code of every command that Ctrl-C ends
_WANTED = Counter(model for model, _ in expected_inferences())


class Seen(Struct):
    """The counts to show: objects that were put, and inferences and rejections that arrived."""

    put: Counter[str] = field(default_factory=Counter)
    arrived: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)

    def look(self, world: World) -> None:
        """Count the inferences and rejections that are there now."""
        self.arrived = Counter(model for model, _ in world.held())
        self.rejected = world.quarantined()

    @property
    def complete(self) -> bool:
        """Tell whether all expected inferences and rejections are there."""
        return self.arrived >= _WANTED and self.rejected.total() >= REJECTED.total()


def main() -> int:
    """Deploy, forward, destroy, and return 0 if every inference and rejection is where it must be."""
    console = Console()
    console.print("All of it is on this machine: AWS is an emulator, the monitor the embedded one.", soft_wrap=True)
    with TemporaryDirectory(prefix="demo-stack-") as folder, running_world(Path(folder)) as world:
        _deploy(world, console)
        exit_code = _judge(world, _forward(world, console), console)
        with _step(console, "cdk destroy, which keeps queues, quarantine and progress"):
            world.deployment.destroy()
    return exit_code


def _deploy(world: World, console: Console) -> None:
    with _step(console, f"capture-forwarder enable-eventbridge {BUCKET}"):
        run("capture-forwarder", "enable-eventbridge", BUCKET, "--yes")
    with _step(console, "cdk bootstrap"):
        world.deployment.bootstrap()
    with _step(console, "cdk deploy, which bundles the function first"):
        world.deployment.deploy(configurations.first(world.monitor.url))
    for name, value in sorted(world.deployment.outputs().items()):
        console.print(f"    {name}  [dim]{value}[/]", soft_wrap=True)


@contextmanager
def _step(console: Console, words: str) -> Iterator[None]:
    began = time.monotonic()
    with console.status(words):
        yield
    console.print(f"[green]✓[/] {words} [dim]{time.monotonic() - began:.0f} s[/]", soft_wrap=True)


def _forward(world: World, console: Console) -> Seen:
    """Put one capture object after the other, as SageMaker does, and show the counts until they are complete."""
    seen = Seen()
    waiting = list(sample_captures())
    end = time.monotonic() + _PATIENCE_SECS
    with Live(_table(seen), console=console) as live:
        while (waiting or not seen.complete) and time.monotonic() < end:
            if waiting:
                key, content = waiting.pop(0)
                world.put(key, content)
                seen.put[_model(key)] += 1
            time.sleep(_BETWEEN_OBJECTS_SECS)
            seen.look(world)
            live.update(_table(seen))
    console.print()
    return seen


def _model(key: str) -> str:
    endpoint = key.split("/")[1]
    return endpoint if endpoint in _WANTED else REJECTING_ROUTE


def _table(seen: Seen) -> Table:
    table = Table("model", "objects", "inferences", "", box=SIMPLE_HEAD, caption_justify="left")
    for model, wanted in sorted(_WANTED.items()):
        bar = ProgressBar(total=wanted, completed=seen.arrived[model], width=10)
        table.add_row(model, str(seen.put[model]), bar, f"{seen.arrived[model]} of {wanted}")
    rejected = ", ".join(f"{code} {count}" for (_, code), count in sorted(seen.rejected.items()))
    table.caption = f"in quarantine: {rejected or 'nothing'}"
    return table


def _judge(world: World, seen: Seen, console: Console) -> int:
    wanted = Counter({(REJECTING_ROUTE, code): count for code, count in REJECTED.items()})
    dead = world.messages("DeadLetterQueueUrl")
    exact = world.held() == expected_inferences() and seen.rejected == wanted and not dead
    console.print(
        f"{seen.put.total()} objects: {seen.arrived.total()} inferences accepted, {seen.rejected.total()} rejections in "
        f"quarantine, {dead} dead letters. The monitor {'holds exactly' if exact else 'does not hold'} what it should.",
        soft_wrap=True,
    )
    return 0 if exact else 1


if __name__ == "__main__":
    end_on_signals()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
