"""botocore's data cut down to what the function calls, for it is read at every cold start; see docs/adr/0008-*.md.

Operations, the shapes that only they reach, texts and endpoints of other services go. What stays is the publisher's,
value for value, and no key is taken from a thing that stays: a description without its `documentation` keys starts, and
fails at the first request.
"""

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from infra.bundling.target import AssetError

# What is called in capture_forwarder, by powertools for it, and by botocore itself, which a grep does not tell at once:
# HeadBucket finds a bucket that is in another region, CreateSession opens directory buckets, DescribeEndpoints is for
# AWS_ENABLE_ENDPOINT_DISCOVERY, and all of STS for credentials from a profile or a web identity.
OPERATIONS = {
    "dynamodb": {"BatchGetItem", "DescribeEndpoints", "PutItem"},
    "s3": {"CreateSession", "GetObject", "HeadBucket", "PutObject"},
    "secretsmanager": {"GetSecretValue"},
    "sqs": {"SendMessage"},
    "ssm": {"GetParameter"},
    "sts": {"AssumeRole", "AssumeRoleWithWebIdentity"},
}

Description = dict[str, Any]


def cut_data(data: Path) -> None:
    """Cut `data`, the folder `botocore/data` of an asset, down to `OPERATIONS`. Raises `AssetError`."""
    for service in (path for path in data.iterdir() if path.is_dir()):
        if service.name not in OPERATIONS:
            shutil.rmtree(service)
    _rewrite(data / "endpoints.json", _endpoints)
    for service_name, operations in OPERATIONS.items():
        versions = sorted(data.glob(f"{service_name}/*/service-2.json.gz"))
        if not versions:
            raise AssetError(f"botocore describes {service_name} no more as infra/botocore_data.py expects")
        for path in versions:
            _rewrite(path, partial(described, service_name=service_name, operations=operations))


def described(whole: Description, service_name: str, operations: set[str]) -> Description:
    """Return the part of a service's description that `operations` reach, without texts. Raises `AssetError`.

    All errors stay, so that `client.exceptions` has them by their names.
    """
    if unknown := operations - whole["operations"].keys():
        raise AssetError(f"botocore knows no {service_name} {', '.join(sorted(unknown))}; see infra/botocore_data.py")
    kept = {name: operation for name, operation in whole["operations"].items() if name in operations}
    errors = {name for name, shape in whole["shapes"].items() if shape.get("exception")}
    reached = _reached(errors | set(_references(kept)), whole["shapes"])
    shapes = {name: shape for name, shape in whole["shapes"].items() if name in reached}
    part: Description = _without_texts(whole | {"operations": kept, "shapes": shapes})
    return part


def _reached(first: set[str], shapes: Description) -> set[str]:
    reached: set[str] = set()
    while first:
        name = first.pop()
        reached.add(name)
        first |= set(_references(shapes[name])) - reached
    return reached


def _references(value: Any) -> Iterator[str]:
    """Yield the names of all shapes that `value` refers to."""
    match value:
        case dict():
            for key, inner in value.items():
                if key == "shape" and isinstance(inner, str):
                    yield inner
                else:
                    yield from _references(inner)
        case list():
            for inner in value:
                yield from _references(inner)


def _without_texts(value: Any) -> Any:
    match value:
        case dict():
            return {key: "" if _is_text(key, inner) else _without_texts(inner) for key, inner in value.items()}
        case list():
            return [_without_texts(inner) for inner in value]
    return value


def _is_text(key: str, value: Any) -> bool:
    return key == "documentation" and isinstance(value, str)  # a member of that name is a table


def _endpoints(whole: Description) -> Description:
    """Return all partitions and regions, and of services those that are used."""
    return whole | {"partitions": [partition | {"services": _used(partition)} for partition in whole["partitions"]]}


def _used(partition: Description) -> Description:
    return {name: service for name, service in partition["services"].items() if name in OPERATIONS}


def _rewrite(path: Path, cut: Callable[[Description], Description]) -> None:
    """Replace a file by what `cut` leaves of it; plain, as compressors differ from one machine's zlib to the next."""
    text = path.read_bytes()
    path.unlink()
    part = cut(json.loads(gzip.decompress(text) if path.suffix == ".gz" else text))
    path.with_name(path.name.removesuffix(".gz")).write_text(json.dumps(part, separators=(",", ":")), encoding="utf-8")
