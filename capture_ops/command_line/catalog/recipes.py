"""The commands `catalog recipe` and `catalog iam-policy`. They need no DataHub."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.extras import missing

Sink = Annotated[str, typer.Option(help="Where the recipe writes to: datahub-rest, file or console.", metavar="TYPE")]
Recipe = Annotated[
    Path | None,
    typer.Option(help="The recipe whose calls are allowed.", metavar="FILE", show_default="all that can be extracted"),
]


def recipe(sink: Sink = "datahub-rest") -> None:
    """Print a recipe for DataHub, with every field and its meaning.

    Write it to a file, change it, and run it with `catalog ingest`. Secrets come from environment variables.
    """
    from integrations.catalog import recipe as recipes

    if sink not in set(recipes.Sink):
        raise CommandError(f"--sink {sink}: the sinks are {', '.join(recipes.Sink)}")
    sys.stdout.write(recipes.written(recipes.Sink(sink)))


def iam_policy(recipe: Recipe = None) -> None:
    """Print the read-only IAM policy of a recipe.

    It is JSON, and allows exactly the calls of the recipe. Without a recipe it is for everything that can be extracted.
    The statement AssumeRoles is for the credentials that assume the roles of the recipe. All other statements are for
    the credentials that read SageMaker: those of the last role, if there is one.
    """
    from integrations.catalog import recipe as recipes
    from integrations.catalog.options import Connection, Options
    from integrations.catalog.policy import policy

    read = recipes.Recipe(Options(), Connection())
    if recipe is not None:
        if find_spec("yaml") is None:
            raise CommandError(missing("cli"))
        try:
            read = recipes.read_recipe(recipe)
        except recipes.RecipeError as error:
            raise CommandError(str(error), ExitCode.SETTINGS) from error
    sys.stdout.write(json.dumps(policy(read.options, read.connection), indent=2) + "\n")
