"""The sub-command `lineage`: the table of its commands, in the order of its help."""

from collections.abc import Callable

import typer

from capture_ops.command_line.lineage.asking import approve, ask, endpoint, provenance, report, reproduce, versions
from capture_ops.command_line.lineage.documents import export, import_file
from capture_ops.command_line.lineage.entities import create, delete, record, tag, update
from capture_ops.command_line.lineage.groups import grouped
from capture_ops.command_line.lineage.links import add_to, edges, link, unlink
from capture_ops.command_line.lineage.listing import get, list_entities
from capture_ops.command_line.lineage.querying import query
from capture_ops.command_line.lineage.registering import clean, register, unregister
from capture_ops.command_line.lineage.serving import who_served
from capture_ops.command_line.lineage.tables import table
from capture_ops.terminal.errors import EXIT_CODES

lineage = typer.Typer(
    help="Read and write SageMaker's lineage: data sets, jobs, models, endpoints, and what was forwarded from them.",
    no_args_is_help=True,
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "create": create,
    "get": get,
    "list": list_entities,
    "update": update,
    "tag": tag,
    "link": link,
    "unlink": unlink,
    "edges": edges,
    "record": record,
    "add-to": add_to,
    "delete": delete,
    "import": import_file,
    "export": export,
    "query": query,
    "table": table,
    "ask": ask,
    "endpoint": endpoint,
    "provenance": provenance,
    "versions": versions,
    "approve": approve,
    "report": report,
    "reproduce": reproduce,
    "who-served": who_served,
    "register": register,
    "unregister": unregister,
    "clean": clean,
}
for name, command in _COMMANDS.items():
    lineage.command(name, epilog=EXIT_CODES)(grouped(command))
