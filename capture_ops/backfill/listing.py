"""Lists the objects below a prefix, many folders at once.

One call lists a folder with everything below it, if that is at most 1,000 objects. A larger folder is listed anew, by
its subfolders, down to SageMaker's hours, so that many calls run in parallel. An object is found by the one call that
lists its folder, at any depth.
"""

from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.backfill.selection import Selection
from capture_ops.backfill.window import is_hour

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CALLS_AT_ONCE = 16


class Listed(Struct, frozen=True, gc=False):
    """One object, and the time of its last write if it is known."""

    source: CaptureObject
    modified: datetime | None = None


class Page(Struct, frozen=True):
    """Selected objects, and the number of those beside them that are outside of the selection."""

    selected: list[Listed]
    outside: int = 0


class _Call(Struct, frozen=True):
    folder: str
    by_subfolder: bool = False
    token: str | None = None


def list_pages(client: "S3Client", selection: Selection, stopped: Event) -> Generator[Page]:
    """Yield every object below the folders once, until `stopped` is set. Raises `Unavailable`.

    Holds the answers of `CALLS_AT_ONCE` calls at most: the next calls wait until the caller has taken those before.
    """
    calls = [_Call(folder) for folder in reversed(selection.folders)]
    running: set[Future[tuple[Page, list[_Call]]]] = set()
    with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="list") as pool:
        while (calls or running) and not stopped.is_set():
            while calls and len(running) < CALLS_AT_ONCE:
                running.add(pool.submit(_list, client, selection, calls.pop()))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                page, following = future.result()
                calls.extend(reversed(following))  # the last is made next, so old folders come first
                yield page


def _list(client: "S3Client", selection: Selection, call: _Call) -> tuple[Page, list[_Call]]:
    """Return the objects of one answer, and the calls that list the rest."""
    answer = _answer(client, selection, call)
    token = answer.get("NextContinuationToken")
    if token and not call.token and not call.by_subfolder and not is_hour(call.folder):
        return Page([]), [_Call(call.folder, by_subfolder=True)]
    folders = [found["Prefix"] for found in answer.get("CommonPrefixes", [])]
    following = [_Call(folder) for folder in folders if selection.window.may_hold(folder)]
    return _page(selection, answer), following + ([replace(call, token=token)] if token else [])


def _answer(client: "S3Client", selection: Selection, call: _Call) -> Any:
    options: Any = {"Delimiter": "/"} if call.by_subfolder else {}
    if call.token:
        options["ContinuationToken"] = call.token
    try:
        return client.list_objects_v2(Bucket=selection.bucket, Prefix=call.folder, **options)
    except AwsError as error:
        raise Unavailable(
            f"{selection.uri}: S3 answers {code_of(error)}; check the bucket's name, and that you are allowed "
            "s3:ListBucket on it"
        ) from error


def _page(selection: Selection, answer: Any) -> Page:
    listed = [
        Listed(
            # Events name the same state without the quotes of the header.
            CaptureObject(selection.bucket, found["Key"], etag=found["ETag"].strip('"'), size=found["Size"]),
            found["LastModified"],
        )
        for found in answer.get("Contents", [])
    ]
    selected = [one for one in listed if selection.window.holds(one.source.key, one.modified)]
    return Page(selected, len(listed) - len(selected))
