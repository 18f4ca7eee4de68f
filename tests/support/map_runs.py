"""Step Functions as far as a backfill uses it, over HTTP: it runs a distributed map by its definition.

Objects are listed from S3, chosen, batched, handed to the function, and what it answers is written to S3, in the form
that the documentation gives:
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError
from msgspec import Struct, field
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

PLACE = "eu-west-1:123456789012"
STATE_MACHINE = f"arn:aws:states:{PLACE}:stateMachine:backfill"
Answer = dict[str, Any]
Function = Callable[[dict[str, Any]], Answer]


class Execution(Struct):
    """One execution, and its map run once it has begun."""

    asked: Answer
    arn: str = field(default_factory=lambda: f"arn:aws:states:{PLACE}:execution:backfill:{uuid4()}")
    run_id: str = field(default_factory=lambda: str(uuid4()))
    status: str = "RUNNING"
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    begun: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def map_run(self) -> str:
        """The ARN of its map run."""
        return f"arn:aws:states:{PLACE}:mapRun:backfill/Objects:{self.run_id}"


class StepFunctions:
    """One state machine, with the definition that was deployed, and its executions."""

    def __init__(self, definition: Answer, function: Function) -> None:
        self.definition = definition
        self.executions: dict[str, Execution] = {}
        self._threads: list[threading.Thread] = []
        self._map: Answer = definition["States"]["Objects"]
        self.function = function

    def start_execution(self, stateMachineArn: str, input: str) -> Answer:  # noqa: A002, N803 - names on the wire
        """Run it on a thread of its own."""
        assert stateMachineArn == STATE_MACHINE
        execution = Execution(json.loads(input))
        self.executions[execution.arn] = execution
        self._threads.append(threading.Thread(target=self._run, args=[execution], daemon=True))
        self._threads[-1].start()
        return {"executionArn": execution.arn, "startDate": 0}

    def describe_execution(self, executionArn: str) -> Answer:  # noqa: N803 - names on the wire
        """Tell how it stands."""
        found = self.executions[executionArn]
        told = {"status": found.status, "output": found.output, "error": found.error, "cause": found.cause}
        return {"executionArn": executionArn} | {name: value for name, value in told.items() if value is not None}

    def list_map_runs(self, executionArn: str) -> Answer:  # noqa: N803 - names on the wire
        """Name its map run, if it has begun."""
        found = self.executions[executionArn]
        return {"mapRuns": [{"mapRunArn": found.map_run}] if found.begun else []}

    def describe_map_run(self, mapRunArn: str) -> Answer:  # noqa: N803 - names on the wire
        """Count its items."""
        (found,) = (one for one in self.executions.values() if one.map_run == mapRunArn)
        return {"itemCounts": dict(found.counts)}

    def describe_state_machine(self, stateMachineArn: str) -> Answer:  # noqa: N803 - names on the wire
        """Return the definition."""
        return {"stateMachineArn": stateMachineArn, "definition": json.dumps(self.definition)}

    def wait(self) -> None:
        """Wait until every execution has ended."""
        for thread in self._threads:
            thread.join(30)

    def _run(self, execution: Execution) -> None:
        reader = {name: execution.asked[path[2:]] for name, path in self._map["ItemReader"]["Parameters"].items()}
        try:
            listed = boto3.client("s3").list_objects_v2(Bucket=reader["Bucket.$"], Prefix=reader["Prefix.$"])
        except ClientError as error:
            execution.error, execution.cause, execution.status = "States.ItemReaderFailed", str(error), "FAILED"
            return
        items = [self._item(execution.asked, one) for one in listed.get("Contents", [])]
        size = self._map["ItemBatcher"]["MaxItemsPerBatch"]
        batches = [items[start : start + size] for start in range(0, len(items), size)]
        execution.counts = {"total": len(items), "pending": len(items), "succeeded": 0, "failed": 0}
        execution.begun = True
        self._end(execution, [self._child(execution, batch) for batch in batches])

    def _item(self, asked: Answer, listed: Any) -> Answer:
        value = {
            "Etag": listed["ETag"],
            "Key": listed["Key"],
            "LastModified": int(listed["LastModified"].timestamp()),
            "Size": listed["Size"],
            "StorageClass": "STANDARD",
        }
        prefix = "$$.Map.Item.Value."
        return {
            name[:-2]: value[path.removeprefix(prefix)] if path.startswith(prefix) else asked[path[2:]]
            for name, path in self._map["ItemSelector"].items()
        }

    def _child(self, execution: Execution, batch: list[Answer]) -> Answer:
        given = {"Items": batch}
        told: Answer = {"Input": json.dumps(given), "Name": str(uuid4()), "Status": "PENDING"}
        if self._has_failed(execution):
            return told
        execution.counts["pending"] -= len(batch)
        try:
            answer = self.function(json.loads(json.dumps(given)))
        except Exception as error:  # noqa: BLE001 - whatever a function raises is its failure
            execution.counts["failed"] += len(batch)
            cause = {"errorMessage": str(error), "errorType": type(error).__name__}
            return told | {"Status": "FAILED", "Error": type(error).__name__, "Cause": json.dumps(cause)}
        execution.counts["succeeded"] += len(batch)
        return told | {"Status": "SUCCEEDED", "Output": json.dumps(answer)}

    def _has_failed(self, execution: Execution) -> bool:
        tolerated: float = self._map.get("ToleratedFailurePercentage", 0) * execution.counts["total"] / 100
        return execution.counts["failed"] > tolerated

    def _end(self, execution: Execution, children: list[Answer]) -> None:
        where = self._map["ResultWriter"]["Parameters"]
        folder = f"{where['Prefix']}/{execution.run_id}"
        files: dict[str, list[Answer]] = {}
        for status in ("FAILED", "PENDING", "SUCCEEDED"):
            ended = [child for child in children if child["Status"] == status]
            key = f"{folder}/{status}_0.json"
            files[status] = [{"Key": key, "Size": 0}] if ended else []
            if ended:
                _write(where["Bucket"], key, ended)
        manifest = {"DestinationBucket": where["Bucket"], "MapRunArn": execution.map_run, "ResultFiles": files}
        _write(where["Bucket"], f"{folder}/manifest.json", manifest)
        if self._has_failed(execution):
            execution.error = "States.ExceedToleratedFailureThreshold"
            execution.cause = "The specified tolerated failure threshold was exceeded"
            execution.status = "FAILED"
        else:
            details = {"Bucket": where["Bucket"], "Key": f"{folder}/manifest.json"}
            execution.output = json.dumps({"MapRunArn": execution.map_run, "ResultWriterDetails": details})
            execution.status = "SUCCEEDED"


def _write(bucket: str, key: str, document: Any) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(document).encode())


@contextmanager
def serving(machine: StepFunctions) -> Iterator[str]:
    """Answer for `machine` on a free port of loopback, whose address is returned."""
    actions = {
        "StartExecution": machine.start_execution,
        "DescribeExecution": machine.describe_execution,
        "ListMapRuns": machine.list_map_runs,
        "DescribeMapRun": machine.describe_map_run,
        "DescribeStateMachine": machine.describe_state_machine,
    }

    @Request.application
    def answer(request: Request) -> Response:
        action = actions[request.headers["X-Amz-Target"].removeprefix("AWSStepFunctions.")]
        found = action(**json.loads(request.get_data()))  # type: ignore[operator]  # each takes what its call sends
        return Response(json.dumps(found), content_type="application/x-amz-json-1.0")

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        machine.wait()
        server.shutdown()
        server.server_close()
        thread.join()
