"""The CDK app of one configuration, made without credentials, look-ups or network."""

import sys
from collections.abc import Iterator
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from capture_forwarder.configuration import filters
from capture_forwarder.configuration.reader import SettingsError, read_settings
from capture_forwarder.configuration.secret_reference import SecretKind, SecretReference
from capture_forwarder.configuration.settings import Settings
from infra.bundling.code import function_code, registration_code
from infra.limits import FEWER_BUCKETS, FEWER_ENDPOINTS, limit_notes, limit_problems, resource_problem
from infra.stacks.forwarder_stack import ForwarderStack
from infra.stacks.observability_stack import ObservabilityStack
from integrations.observability.composites import composite_problems

# The last character of the documents that IAM accepts:
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
_LAST_OF_IAM = "\u00ff"


def build_app(
    config: Path, *, code: lambda_.Code | None = None, synthesizer: cdk.IReusableStackSynthesizer | None = None
) -> cdk.App:
    """Return the app for the file `config`.

    `code` replaces the bundled functions. `synthesizer` replaces deployment by the roles of `cdk bootstrap`.
    Writes a line to standard error for each limit of AWS that makes prefixes wider. Raises `SettingsError` with
    everything that AWS would refuse or that would fail there.
    """
    settings = read_settings(config, extra_checks=deployment_problems)
    sys.stderr.writelines(f"{note}\n" for note in limit_notes(settings))
    app = cdk.App(default_stack_synthesizer=synthesizer)
    stack = ForwarderStack(
        app,
        "Forwarder",
        settings=settings,
        code=code or function_code(settings, config),
        registration_code=code or registration_code(settings),
    )
    stacks: list[tuple[cdk.Stack, str]] = [(stack, FEWER_BUCKETS)]
    if settings.observability:
        observability = ObservabilityStack(app, "Observability", settings=settings, topic=stack.topic)
        stacks.append((observability, FEWER_ENDPOINTS))
    if problems := [problem for each, remedy in stacks if (problem := resource_problem(each, remedy))]:
        raise SettingsError(str(config), problems)
    return app


def deployment_problems(settings: Settings) -> Iterator[str]:
    """Yield the problems that only a deployed function has."""
    for index, destination in enumerate(settings.destination):
        for option, reference in destination.secrets.items():
            if SecretReference.parse(reference).kind is not SecretKind.ENVIRONMENT:
                continue
            yield (
                f'destination[{index}].{option}: write "secretsmanager:NAME" or "ssm:/NAME"; '
                "the environment of a deployed function comes from the template, in plain text"
            )
    for index, route in enumerate(settings.route):
        if max(route.prefix, default="") > _LAST_OF_IAM:
            yield (
                f"route[{index}].prefix: IAM refuses a policy with {max(route.prefix)!r}; write the folder above, "
                "or one in letters of Western European languages"
            )
    yield from filters.problems(settings)
    yield from limit_problems(settings)
    yield from composite_problems(settings)
