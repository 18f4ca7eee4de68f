"""AWS on loopback, served by moto.

The server stops within 20 ms. moto's own `ThreadedMotoServer` takes half a second.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Thread
from typing import Final
from wsgiref.types import WSGIApplication

from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.extras import missing

_POLL_SECS: Final = 0.02

Change = Callable[[WSGIApplication], WSGIApplication]


@contextmanager
def moto_server(change: Change = lambda application: application) -> Iterator[str]:
    """Serve AWS on a free port while the context is open, and return its URL; `change` gets its application.

    The state of moto belongs to the process, so it outlives the server. Raises `CommandError` if the extra with moto is
    not installed.
    """
    try:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server
    except ModuleNotFoundError as error:
        raise CommandError(missing("demo")) from error

    class Application(DomainDispatcherApplication):
        # By default moto lists its own folders at every request, to find out which service a host has.
        get_backend_for_host = cache(DomainDispatcherApplication.get_backend_for_host)

    application = change(Application(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, args=(_POLL_SECS,), name="moto", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
