"""Reads an account and region: boto3 -> values. One call a page of 100, and one an entity."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from integrations.catalog import values
from integrations.catalog.nodes import Problem, Severity
from integrations.catalog.options import Options
from integrations.catalog.reading import operations
from integrations.catalog.reading.calls import CallFailed, Calls
from integrations.catalog.reading.decoding import Malformed, decoded, job
from integrations.catalog.reading.describing import Describing
from integrations.catalog.reading.errors import code_of
from integrations.catalog.reading.executions import started
from integrations.catalog.reading.lineage import Lineage
from integrations.catalog.reading.operations import Listing
from integrations.catalog.reading.tags import tags
from integrations.catalog.values import Document, Endpoint, EndpointConfig, Estate, Job, JobKind

Value = TypeVar("Value")


class Reading(Struct, frozen=True):
    """The estate, the problems, and the names that the patterns left out. A failure leaves the rest readable.

    `ended` says that AWS cannot be used: no credentials, no connection, or refused credentials.
    """

    estate: Estate
    problems: tuple[Problem, ...] = ()
    filtered: tuple[str, ...] = ()
    ended: bool = False


def read(client: Any, options: Options, sleep: Callable[[float], object] | None = None) -> Reading:
    """Return the entities that `options` ask for. Failures of AWS are problems in the result, never exceptions.

    `client` is a boto3 client of SageMaker. `sleep` waits for so many seconds, when AWS throttles.
    """
    calls = Calls(client, sleep)
    with ThreadPoolExecutor(options.max_workers) as pool:
        reader = _Reader(calls, Describing(calls, pool), options)
        try:
            estate = reader.estate()
        except BaseException:
            calls.stop()  # Ctrl-C: threads that wait for minutes would keep the process
            raise
        return Reading(estate, tuple(calls.problems), tuple(reader.filtered), calls.ended)


class _Reader:
    def __init__(self, calls: Calls, describing: Describing, options: Options) -> None:
        self._calls = calls
        self._describing = describing
        self._lineage = Lineage(calls)
        self._options = options
        self._listings = {each.list: (each, pattern) for each, pattern in operations.listings(options)}
        self._arns: list[tuple[Listing, list[str]]] = []

    @property
    def filtered(self) -> list[str]:
        return self._describing.filtered

    def estate(self) -> Estate:
        """Read everything. Later parts need earlier ones."""
        feature_groups = self._all(operations.FEATURE_GROUPS, values.FeatureGroup)
        jobs = tuple(each for kind in self._options.jobs for each in self._jobs(kind))
        endpoints = self._all(operations.ENDPOINTS, Endpoint)
        configs = self._configs(endpoints)
        groups = self._all(operations.GROUPS, values.PackageGroup)
        pipelines = self._all(operations.PIPELINES, values.Pipeline)
        return Estate(
            feature_groups=feature_groups,
            jobs=jobs,
            endpoints=endpoints,
            configs=configs,
            deployed=self._deployed(endpoints, configs),
            components=self._all(operations.COMPONENTS, values.InferenceComponent),
            groups=groups,
            grouped=self._grouped(groups),
            models=self._all(operations.MODELS, values.Model),
            packages=self._all(operations.PACKAGES, values.ModelPackage),
            pipelines=pipelines,
            started=self._started(pipelines),
            schedules=self._all(operations.SCHEDULES, values.MonitoringSchedule),
            documents=self._describing.documents,
            tags=self._tags(),
        )

    def _all(self, listing: Listing, kind: type[Value]) -> tuple[Value, ...]:
        return self._read(listing, partial(decoded, kind=kind))

    def _jobs(self, kind: JobKind) -> tuple[Job, ...]:
        listing = operations.JOBS[kind]
        return self._read(listing, lambda document: job(kind, document, listing.name, listing.arn))

    def _read(self, listing: Listing, decode: Callable[[Document], Value]) -> tuple[Value, ...]:
        """Return the entities of a kind, none if the options do not ask for it; their ARNs are kept for tags."""
        if listing.list not in self._listings:
            return ()
        _, pattern = self._listings[listing.list]
        before = len(self._describing.documents)
        found = self._describing.read(listing, pattern, decode)
        self._arns.append((listing, list(self._describing.documents)[before:]))
        return found

    def _configs(self, endpoints: tuple[Endpoint, ...]) -> dict[str, EndpointConfig]:
        """Return the configurations of these endpoints by name, each described once."""
        names = list(dict.fromkeys(each.endpoint_config_name for each in endpoints if each.endpoint_config_name))
        answers = zip(names, self._describing.each(names, self._config_answer), strict=True)
        found = {name: self._config(name, answer) for name, answer in answers if answer is not None}
        return {name: config for name, config in found.items() if config}

    def _config_answer(self, name: str) -> Document | None:
        """Return a configuration. One that is denied or deleted is a warning: its endpoints are complete."""
        try:
            return self._calls.call(operations.DESCRIBE_CONFIG, name, {"EndpointConfigName": name}, may_fail=True)
        except CallFailed as failed:
            if failed.error:
                self._warn(name, code_of(failed.error))
            return None

    def _config(self, name: str, document: Document) -> EndpointConfig | None:
        """Return a configuration as a value; a malformed one is a warning."""
        try:
            config = decoded(document, EndpointConfig)
        except Malformed as error:
            self._warn(name, str(error))
            return None
        self._describing.keep(config.endpoint_config_arn or name, document)
        return config

    def _warn(self, config: str, reason: str) -> None:
        advice = (
            "its endpoints are linked to models by SageMaker's lineage, if it knows them; allow "
            f"sagemaker:{operations.DESCRIBE_CONFIG}, or deploy the endpoint anew if the configuration was deleted"
        )
        self._calls.report(Severity.WARNING, "Endpoint configuration cannot be read", config, advice, reason)

    def _deployed(
        self, endpoints: tuple[Endpoint, ...], configs: dict[str, EndpointConfig]
    ) -> tuple[values.Deployed, ...]:
        """Return the lineage of endpoints without a readable configuration; no call if there are none."""
        if not self._options.extract_models:
            return ()
        unknown = {each.endpoint_arn for each in endpoints if each.endpoint_config_name not in configs} - {""}
        return tuple(self._lineage.deployed(unknown)) if unknown else ()

    def _grouped(self, groups: tuple[values.PackageGroup, ...]) -> tuple[values.Grouped, ...]:
        """Return the lineage of model package groups; no call if there are none."""
        arns = {each.model_package_group_arn for each in groups} - {""}
        return tuple(self._lineage.grouped(arns)) if arns else ()

    def _started(self, pipelines: tuple[values.Pipeline, ...]) -> tuple[values.Started, ...]:
        return tuple(started(self._calls, self._describing, pipelines)) if self._options.needs_executions else ()

    def _tags(self) -> dict[str, dict[str, str]]:
        if not self._options.extract_tags:
            return {}
        found: dict[str, dict[str, str]] = {}
        for listing, arns in self._arns:
            found |= tags(self._calls, self._describing, listing, arns)
        return found
