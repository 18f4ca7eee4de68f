"""`endpoints`: the `[[observability.endpoint]]` sections of an account, and warnings where captures are missing."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from capture_forwarder.configuration.observability import EndpointKind, EndpointSettings
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.observability.account import Account, Document, Size
from capture_ops.observability.sections import Section, written
from capture_ops.terminal.errors import CommandError

# An endpoint in one of these states answers no calls, and it will not without a person.
_GONE = {"Deleting", "Failed", "OutOfService"}
_CAPTURE_OFF = (
    "capture is off, so captures cannot be compared with calls; switch it on with DataCaptureConfig in the endpoint "
    "configuration"
)
_ASYNCHRONOUS = "Without sampling_percent: an asynchronous endpoint publishes no number of calls."
_SHADOW = "A shadow variant. Write sampling_percent if its captures are to be compared with its calls."


class Sections(Struct, frozen=True):
    """The TOML text, and the warnings."""

    text: str
    warnings: tuple[str, ...]


def read(names: Sequence[str]) -> Sections:
    """Return the sections of the endpoints with these `names`, or of all endpoints of the region.

    Raises `CommandError` for a name without an endpoint, `NoRegionError` without a region, and `Unavailable`.
    """
    account = Account()
    reading = _Reading(account)
    sections = [section for name in names or account.names() for section in reading.sections(name, named=bool(names))]
    if not sections:
        reading.warnings.append(f"there is no endpoint to list in {account.region}")
    sections = _with_sizes(account, sections, reading.warnings)
    return Sections(written(sections, account.region), tuple(reading.warnings))


class _Reading:
    """Reads endpoints one after the other, and collects warnings."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._multi_model: dict[str, bool] = {}
        self.warnings: list[str] = []

    def sections(self, name: str, *, named: bool) -> Iterator[Section]:
        """Yield the sections of an endpoint: one for each variant, and none if it was deleted meanwhile."""
        endpoint = self._account.endpoint(name)
        if endpoint is None:
            if named:
                raise CommandError(f"there is no endpoint {name} in this account and region {self._account.region}")
            return
        if endpoint["EndpointStatus"] in _GONE:
            self.warnings.append(f"{name} is left out: its status is {endpoint['EndpointStatus']}")
            return
        config = self._account.config(endpoint["EndpointConfigName"]) or {}
        if not config:
            self.warnings.append(f"{name}: its endpoint configuration was deleted, so its instances are not known")
        is_asynchronous = "AsyncInferenceConfig" in config or "AsyncInferenceConfig" in endpoint
        percent = self._sampling_percent(name, endpoint, config)
        for variants, is_shadow in (("ProductionVariants", False), ("ShadowProductionVariants", True)):
            configured = {each["VariantName"]: each for each in config.get(variants, [])}
            for variant in endpoint.get(variants, []):
                details = configured.get(variant["VariantName"], {})
                kind = EndpointKind.ASYNCHRONOUS if is_asynchronous else self._kind(variant | details)
                comment = _ASYNCHRONOUS if is_asynchronous else _SHADOW if is_shadow else ""
                yield _section(name, variant["VariantName"], kind, details, None if comment else percent, comment)

    def _sampling_percent(self, name: str, endpoint: Document, config: Document) -> int | None:
        """Return the percentage of captured calls, and `None` with a warning if it is 0."""
        capture = config.get("DataCaptureConfig", {}) | endpoint.get("DataCaptureConfig", {})
        is_on = capture.get("EnableCapture", False) and capture.get("CaptureStatus") != "Stopped"
        percent: int = capture.get("CurrentSamplingPercentage", capture.get("InitialSamplingPercentage", 0))
        if is_on and percent:
            return percent
        self.warnings.append(f"{name}: {_CAPTURE_OFF}")
        return None

    def _kind(self, variant: Document) -> EndpointKind:
        if "ServerlessConfig" in variant or "CurrentServerlessConfig" in variant:
            return EndpointKind.SERVERLESS
        model = variant.get("ModelName")  # a variant of inference components has none
        return EndpointKind.MULTI_MODEL if model and self._has_many(model) else EndpointKind.REAL_TIME

    def _has_many(self, model: str) -> bool:
        if model not in self._multi_model:
            try:
                described = self._account.model(model) or {}
            except Unavailable as error:
                described = {}
                self.warnings.append(f'{error}; its kind is written as "{EndpointKind.REAL_TIME}"')
            containers = [described.get("PrimaryContainer", {}), *described.get("Containers", [])]
            self._multi_model[model] = any(each.get("Mode") == "MultiModel" for each in containers)
        return self._multi_model[model]


def _section(
    name: str, variant: str, kind: EndpointKind, details: Document, percent: int | None, comment: str
) -> Section:
    types = [each["InstanceType"] for each in (details, *details.get("InstancePools", [])) if "InstanceType" in each]
    settings = EndpointSettings(name=name, variant=variant, kind=kind, sampling_percent=percent)
    return Section(settings=settings, instance_types=tuple(dict.fromkeys(types)), comment=comment)


def _with_sizes(account: Account, sections: Sequence[Section], warnings: list[str]) -> list[Section]:
    types = {each for section in sections for each in section.instance_types}
    try:
        sizes = account.sizes(types)
    except Unavailable as error:
        warnings.append(f"{error}; vcpus and gpus are left out")
        return list(sections)
    unknown = sorted(types - sizes.keys())
    warnings += [f"{each}: EC2 has no such type in {account.region}; write its vcpus and gpus" for each in unknown]
    return [_with_size(section, sizes) for section in sections]


def _with_size(section: Section, sizes: dict[str, Size]) -> Section:
    """Return the section with the size of its instances, if all have the same."""
    found = {sizes.get(each) for each in section.instance_types}
    size = found.pop() if len(found) == 1 else None
    if size is None:
        return section
    settings = msgspec.structs.replace(section.settings, vcpus=size.vcpus, gpus=size.gpus or None)
    return msgspec.structs.replace(section, settings=settings)
