"""Why a pipeline cannot be made, as an error that a person can correct, without secrets."""

import re
from collections.abc import Iterator

import requests
from datahub.cli.config_utils import MissingConfigError
from datahub.configuration.common import ConfigurationError, OperationalError
from datahub.ingestion.run.pipeline import PipelineInitError
from pydantic import ValidationError

from integrations.catalog.fields import FIELDS
from integrations.catalog.reading.session import CannotConnect, NoAccess
from integrations.catalog.recipe import meant

# An address that is none, which is a fault of the recipe.
_NO_ADDRESS = (
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
)
CONNECTING = "Failed to connect to DataHub"
_ANSWER = re.compile(r"(?<=authentication error): .*?(?=\. Please|$)")


class RecipeError(Exception):
    """A recipe is wrong; the message has a line a problem."""


class NotReachable(Exception):
    """DataHub's server does not answer, or refuses the token; or this machine has no region or profile of AWS."""


def explained(error: Exception) -> RecipeError | NotReachable | None:
    """Return the error as one of the recipe or of a server, with its cause; `None` for a bug."""
    causes = list(_causes(error))
    last = causes[-1]
    if invalid := next((each for each in causes if isinstance(each, ValidationError)), None):
        found: RecipeError | NotReachable = RecipeError(problems(invalid))
    elif isinstance(last, _NO_ADDRESS):
        found = RecipeError("`server` of the sink is no address; write one such as http://localhost:8080")
    elif any(_is_of_the_server(each) for each in causes):
        found = NotReachable(f"DataHub's server: {_reason(last)}; check `server` and `token` of the sink")
    elif access := next((each for each in causes if isinstance(each, CannotConnect)), None):
        found = (NotReachable if isinstance(access, NoAccess) else RecipeError)(str(access))
    elif any(isinstance(each, (ConfigurationError, MissingConfigError, KeyError)) for each in causes):
        found = RecipeError(str(error))
    else:
        return None
    # The errors before the last one have a part of the token in their texts.
    found.__cause__ = last
    return found


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause:
        yield cause
        cause = cause.__cause__


def _is_of_the_server(cause: BaseException) -> bool:
    if isinstance(cause, ConfigurationError | PipelineInitError):
        return CONNECTING in str(cause)
    return isinstance(cause, (requests.RequestException, OperationalError))


def _reason(cause: BaseException) -> str:
    """Return DataHub's reason without its advice and the text of the server, or the name of the error."""
    if type(cause) is not ConfigurationError:
        return type(cause).__name__
    return _ANSWER.sub("", " ".join(str(cause).split())).partition(". ")[0]


def problems(error: ValidationError) -> str:
    """Return a line a problem, without the values: they may be secrets."""
    lines: dict[str, None] = {}
    for each in error.errors(include_url=False, include_input=False):
        place = [str(part) for part in each["loc"]]
        # A field with a choice of types has an error for each of them, whose places have names of pydantic's.
        if place and place[0] == "aws_role":
            lines[f"aws_role: is no role; write as {FIELDS['aws_role'].example}"] = None
        elif each["type"] == "extra_forbidden":
            lines[f"{'.'.join(place)}: is no field{meant(place[0]) if len(place) == 1 else ''}"] = None
        else:
            text = each["msg"].removeprefix("Value error, ")
            lines[f"{'.'.join(place) or 'recipe'}: {text}"] = None
    return "\n".join([f"the recipe has {len(lines)} problem(s):", *(f"  {line}" for line in lines)])
