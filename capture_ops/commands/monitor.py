"""The `monitor` command: the embedded monitor on its own."""

import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress

from rich.console import Console

from capture_forwarder.configuration.settings import Settings
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor

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
        console.print(f"models: {', '.join(model.id for model in models)}", soft_wrap=True, markup=False)
        if TOKEN_VARIABLE not in os.environ:
            console.print(f"token:  {chosen}", soft_wrap=True, markup=False)
        wait_for_interrupt(monitor, console)


def wait_for_interrupt(monitor: Monitor, console: Console) -> None:
    """Print the address of `monitor`, and wait for the `KeyboardInterrupt` of `end_on_signals`."""
    with suppress(KeyboardInterrupt):
        console.print(f"The monitor answers at {monitor.url}/api/v3 until Ctrl-C.", soft_wrap=True)
        while True:
            time.sleep(3600)
