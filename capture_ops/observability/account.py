"""Reads endpoints from an account: SageMaker describes them, and EC2 the sizes of their instances."""

from collections.abc import Iterable, Iterator
from typing import Any

from botocore.config import Config
from msgspec import Struct

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.domain.delivery import Unavailable

Document = dict[str, Any]
# Adaptive, because SageMaker limits the rate of descriptions:
# https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 10})
_PAGE_SIZE = 100
_TYPES_A_CALL = 100
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_MISSING = "ValidationException"  # the answer of SageMaker for a name that does not exist


class Size(Struct, frozen=True):
    """The vCPUs and GPUs of one instance."""

    vcpus: int
    gpus: int


class Account:
    """The endpoints of the account and region of the session."""

    def __init__(self) -> None:
        """Make the clients. Raises `NoRegionError` without a region."""
        self._sagemaker: Any = aws_session().client("sagemaker", config=CONFIG)
        self._describing: Any = aws_session().client("sagemaker", config=CONFIG.merge(_PATIENT))
        self._ec2: Any = aws_session().client("ec2", config=CONFIG)

    @property
    def region(self) -> str:
        """The region."""
        return str(self._sagemaker.meta.region_name)

    def names(self) -> list[str]:
        """Return the names of all endpoints, sorted. Raises `Unavailable`."""
        pages = self._sagemaker.get_paginator("list_endpoints").paginate(MaxResults=_PAGE_SIZE)
        try:
            return sorted({each["EndpointName"] for page in pages for each in page["Endpoints"]})
        except AwsError as error:
            raise _unavailable("endpoints cannot be listed", error, "ListEndpoints") from error

    def endpoint(self, name: str) -> Document | None:
        """Return the description of an endpoint; `None` if there is none. Raises `Unavailable`."""
        return self._described("endpoint", name, "DescribeEndpoint", EndpointName=name)

    def config(self, name: str) -> Document | None:
        """Return the description of an endpoint configuration; `None` if it was deleted. Raises `Unavailable`."""
        return self._described("endpoint configuration", name, "DescribeEndpointConfig", EndpointConfigName=name)

    def model(self, name: str) -> Document | None:
        """Return the description of a model; `None` if it was deleted. Raises `Unavailable`."""
        return self._described("model", name, "DescribeModel", ModelName=name)

    def sizes(self, instance_types: Iterable[str]) -> dict[str, Size]:
        """Return the sizes of types such as `ml.m5.large`; a type that EC2 does not have is left out.

        The instances of SageMaker are those of EC2 with a prefix. Raises `Unavailable`.
        """
        wanted = sorted(set(instance_types))
        return {
            f"ml.{each['InstanceType']}": _size(each)
            for at in range(0, len(wanted), _TYPES_A_CALL)
            for each in self._types([name.removeprefix("ml.") for name in wanted[at : at + _TYPES_A_CALL]])
        }

    def _types(self, names: list[str]) -> Iterator[Document]:
        pages = self._ec2.get_paginator("describe_instance_types")
        try:
            for page in pages.paginate(Filters=[{"Name": "instance-type", "Values": names}]):
                yield from page["InstanceTypes"]
        except AwsError as error:
            raise _unavailable("the sizes of instances cannot be read", error, "ec2:DescribeInstanceTypes") from error

    def _described(self, kind: str, name: str, operation: str, **parameters: str) -> Document | None:
        method = {
            "DescribeEndpoint": self._describing.describe_endpoint,
            "DescribeEndpointConfig": self._describing.describe_endpoint_config,
            "DescribeModel": self._describing.describe_model,
        }[operation]
        try:
            return dict(method(**parameters))
        except AwsError as error:
            if code_of(error) == _MISSING:
                return None
            raise _unavailable(f"the {kind} {name} cannot be read", error, operation) from error


def _size(described: Document) -> Size:
    gpus = described.get("GpuInfo", {}).get("Gpus", [])
    return Size(vcpus=described["VCpuInfo"]["DefaultVCpus"], gpus=sum(each.get("Count", 0) for each in gpus))


def _unavailable(sentence: str, error: Exception, action: str) -> Unavailable:
    code = code_of(error)
    allowed = action if ":" in action else f"sagemaker:{action}"
    remedy = f"; allow {allowed}" if code in _DENIED else ""
    return Unavailable(f"{sentence}: AWS answers {code}{remedy}")
