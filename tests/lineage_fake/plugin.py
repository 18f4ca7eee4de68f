"""Gives moto's SageMaker the 22 operations of lineage, under `mock_aws` and in moto's server.

    with mock_aws(), lineage_fake() as fake:
        boto3.client("sagemaker").create_artifact(...)
        fake.modes = Modes(throttle_every=3)

A store belongs to an account and region, is a part of moto's own backend, and is reset with it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import RLock
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.responses import SageMakerResponse

from tests.lineage_fake import associations, corrections, entities, querying, tagging
from tests.lineage_fake.checks import check
from tests.lineage_fake.errors import Refused, conflict, denied, throttled
from tests.lineage_fake.modes import Modes
from tests.lineage_fake.records import Call
from tests.lineage_fake.store import Store, forget_stores, store_of

ACCOUNT = "123456789012"
"""The account of clients without credentials of another one: moto's."""
REGION = "eu-west-1"

Handler = Callable[[Store, Call], dict[str, Any]]
Method = Callable[[Any], Any]
"""A method of moto's response class: it returns an ActionResult, or a body with headers."""
_BAD_REQUEST = 400

OPERATIONS: dict[str, Handler] = {
    **{f"Create{kind}": partial(entities.create, kind) for kind in ("Artifact", "Action", "Context")},
    **{f"Describe{kind}": partial(entities.describe, kind) for kind in ("Artifact", "Action", "Context")},
    **{f"Update{kind}": partial(entities.update, kind) for kind in ("Artifact", "Action", "Context")},
    **{f"Delete{kind}": partial(entities.delete, kind) for kind in ("Artifact", "Action", "Context")},
    **{f"List{kind}s": partial(entities.listing, kind) for kind in ("Artifact", "Action", "Context")},
    "AddAssociation": associations.add_association,
    "DeleteAssociation": associations.delete_association,
    "ListAssociations": associations.list_associations,
    "QueryLineage": querying.query_lineage,
    "DescribeLineageGroup": associations.describe_lineage_group,
    "GetLineageGroupPolicy": associations.get_lineage_group_policy,
    "ListLineageGroups": associations.list_lineage_groups,
}
TAGGING: dict[str, Handler] = {
    "AddTags": tagging.add_tags,
    "ListTags": tagging.list_tags,
    "DeleteTags": tagging.delete_tags,
}


class Fake:
    """The installed plug-in: its modes, its clock, and the calls that it received."""

    def __init__(self, modes: Modes, clock: Callable[[], datetime]) -> None:
        """Make a fake. The clock returns times with a zone."""
        self.modes, self.clock = modes, clock
        self.calls: list[tuple[str, dict[str, Any]]] = []
        """Every call of a lineage operation or of its tags: operation and parameters, refused ones too."""
        self._updates = 0
        self._lock = RLock()

    @property
    def counts(self) -> Counter[str]:
        """How often each operation was called."""
        return Counter(operation for operation, _ in self.calls)

    def store(self, account: str = ACCOUNT, region: str = REGION) -> Store:
        """Return the store of an account and region."""
        return store_of(account, region)

    def answer(self, operation: str, handler: Handler, store: Store, params: dict[str, Any]) -> dict[str, Any]:
        """Answer a call. Raises Refused for each error of the service."""
        with self._lock:
            self.calls.append((operation, params))
            self._refuse(operation)
            check(operation, params)
            now = self.clock().astimezone(UTC).replace(tzinfo=None)
            call = Call(
                operation=operation,
                params=params,
                number=len(self.calls),
                now=now.replace(microsecond=now.microsecond // 1000 * 1000),
                modes=self.modes,
            )
            return handler(store, call)

    def _refuse(self, operation: str) -> None:
        modes = self.modes
        if operation in modes.denied:
            raise denied(operation)
        if modes.throttle_every and len(self.calls) % modes.throttle_every == 0:
            raise throttled()
        if operation.startswith("Update"):
            self._updates += 1
            if modes.conflict_every and self._updates % modes.conflict_every == 0:
                raise conflict(operation)


@contextmanager
def lineage_fake(modes: Modes | None = None, clock: Callable[[], datetime] | None = None) -> Iterator[Fake]:
    """Install the plug-in until the block is left, and then forget its stores."""
    fake = Fake(modes or Modes(), clock or partial(datetime.now, UTC))
    methods = _methods(fake)
    before = {name: SageMakerResponse.__dict__.get(name) for name in methods}
    forget_stores()
    for name in methods:
        setattr(SageMakerResponse, name, methods[name])
    try:
        yield fake
    finally:
        for name, method in before.items():
            if method is None:
                delattr(SageMakerResponse, name)
            else:
                setattr(SageMakerResponse, name, method)
        forget_stores()


def _methods(fake: Fake) -> dict[str, Method]:
    methods = {}
    for operation, handler in OPERATIONS.items():
        methods[camelcase_to_underscores(operation)] = _method(fake, operation, handler)
    for operation, handler in (TAGGING | corrections.OPERATIONS).items():
        name = camelcase_to_underscores(operation)
        methods[name] = _method(fake, operation, handler, getattr(SageMakerResponse, name))
    return methods


def _method(fake: Fake, operation: str, handler: Handler, original: Method | None = None) -> Method:
    """Return a method of moto's response class. The original answers the calls about moto's own resources."""

    def method(self: Any) -> Any:
        params, store = dict(self.params), store_of(self.current_account, self.region)
        if original and not _is_ours(operation, params, store):
            return original(self)
        try:
            return ActionResult(fake.answer(operation, handler, store, params))
        except Refused as error:
            return error.body, {"status": _BAD_REQUEST}

    return method


def _is_ours(operation: str, params: dict[str, Any], store: Store) -> bool:
    if operation in TAGGING:
        return tagging.is_of_lineage(params.get("ResourceArn", ""))
    return corrections.is_ours(operation, params, store)
