"""The command that shows what a capture file would give."""

from typing import Annotated

import typer

from capture_ops.command_line.options import AsJson, Config, console

Target = Annotated[
    str,
    typer.Argument(
        help="A capture file, an S3 object, or - for standard input.",
        metavar="FILE|s3://BUCKET/KEY|-",
        show_default=False,
    ),
]
RouteName = Annotated[
    str | None, typer.Option(help="The route whose options apply.", metavar="NAME", show_default="that of the key")
]
Key = Annotated[str | None, typer.Option(help="The key that a file has in S3. It decides the route.", metavar="KEY")]
Limit = Annotated[int | None, typer.Option(min=1, help="Show the first rows only.", metavar="ROWS")]
DestinationName = Annotated[
    str | None,
    typer.Option(
        help="Show the requests to this destination of the configuration instead.",
        metavar="NAME",
        show_default=False,
    ),
]


def inspect(
    target: Target,
    config: Config = None,
    route: RouteName = None,
    key: Key = None,
    limit: Limit = None,
    destination: DestinationName = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the inferences and rejections that a capture file would give. Sends nothing.

    Works without a configuration; values then have generated names. With --config, a file needs --route or --key if
    the configuration has several routes. Rows are shown as they are read. The last line counts lines and rows.
    Rejections are a result: the exit code is 0 with them, and 1 if the file is binary. With --json, every object has a
    "kind": "inference", "rejection" or "skipped", with --destination "request"; the counts are on standard error.
    """
    from capture_ops.commands import inspect_output as command

    options = command.Options(config=config, route=route, key=key, limit=limit, as_json=as_json)
    if destination:
        from capture_ops.commands import requests

        requests.run(target, options, destination)
    else:
        command.run(target, options, console())
