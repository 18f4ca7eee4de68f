"""The trace of one event, and what it shows: the path that the lines of a route take."""

from benchmarks.trace import CASES, traces

# The plain path calls it once for every line.
PLAIN = "decode_record"
# Routes of the demo with a schema, and the lines of their sample object.
WITH_SCHEMA = {
    "aws-sagemaker-python-sdk": 2,
    "aws-samples-amazon-sagemaker-mlops-workshop": 7,
    "packtpublishing-amazon-sagemaker-best-practices": 23,
}


def test_the_plain_path_reads_few_lines() -> None:
    """The cases of the trace are what their names say, and every move counts."""
    found = dict(traces({name: endpoint for name, endpoint in CASES.items() if endpoint not in WITH_SCHEMA}))
    assert all(1 <= trace.count(PLAIN) <= 2 for trace in found.values())
    assert all(len(trace.main) > len(trace.path) > len(trace.files) > 20 for trace in found.values())


def test_lines_of_a_demo_route_with_a_schema_take_the_compiled_path() -> None:
    """The plain path may read the first line, from which the compiled path learns, and no other."""
    found = traces({endpoint: endpoint for endpoint in WITH_SCHEMA})
    for endpoint, trace in found:
        assert trace.count(PLAIN) <= 1, endpoint
        assert any("compiled" in call.file for call in trace.calls), endpoint
