"""The `monitor` command: the embedded monitor on its own."""

import os
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from urllib.parse import quote

from rich.console import Console

from capture_forwarder.configuration.settings import Settings
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from capture_ops.terminal.text import printable

TOKEN_VARIABLE = "MONITOR_TOKEN"  # noqa: S105 - a variable's name


def token() -> str:
    """Return the token that the environment names, or a new one."""
    return os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(24)


def models_of(settings: Settings) -> list[Model]:
    """Return a model for every route, with the attributes that the route names."""
    routes = {route.model_id: route for route in settings.route}
    return [Model(model_id, model_id, route.attribute) for model_id, route in routes.items()]


def serve(port: int, database: str, settings: Settings | None, names: Iterable[str], console: Console) -> None:
    """Serve until SIGINT or SIGTERM. Raises `CommandError` for a port or database that cannot be used."""
    models = models_of(settings) if settings else [Model(name, name) for name in names]
    chosen = token()
    with running_monitor(models, token=chosen, database=database, port=port) as monitor:
        wait_for_interrupt(monitor, models, None if os.environ.get(TOKEN_VARIABLE) else chosen, console)


def wait_for_interrupt(monitor: Monitor, models: Sequence[Model], new_token: str | None, console: Console) -> None:
    """Print how to look into `monitor`, and wait for the `KeyboardInterrupt` of `end_on_signals`.

    `new_token` is printed. A token of the environment is not, and the shell puts it into the printed command.
    """
    with suppress(KeyboardInterrupt):
        for line in (
            f"models: {', '.join(model.id for model in models)}",
            f"token:  {new_token or f'${TOKEN_VARIABLE}'}",
            f"look:   {_curl(monitor, models, new_token)}",
            f"The monitor answers at {monitor.url}/api/v3 until Ctrl-C.",
        ):
            console.print(printable(line), soft_wrap=True, markup=False, highlight=False)
        while True:
            time.sleep(3600)


def _curl(monitor: Monitor, models: Sequence[Model], new_token: str | None) -> str:
    """Return a command that shows inferences of the first model that has some, or else of the first model."""
    shown = next((model.id for model in models if monitor.store.count(model.id)), models[0].id)
    url = f"{monitor.url}/api/v3/models/{quote(shown, safe='')}/inferences?page=1&page_size=10"
    header = f"'Authorization: {new_token}'" if new_token else f'"Authorization: ${TOKEN_VARIABLE}"'
    return f"curl -sSH {header} '{url}'"
