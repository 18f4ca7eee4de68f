"""The queries of GetMetricData: ids of the whole dashboard, and at most 500 queries a call."""

import re
from itertools import chain

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from capture_ops.observability.rendering.requests import MAX_QUERIES_OF_CALL, calls, widget_queries
from integrations.observability.boards.registry import boards
from integrations.observability.body import dashboard_body
from integrations.observability.panels import Board
from tests.observability.boards_of import settings_with

MADE = boards(settings_with())
EXPRESSION = {"expression": "s0raw / 1000", "id": "s0", "period": 300, "visible": True, "label": "x"}


@pytest.mark.parametrize("board", MADE, ids=lambda board: board.name)
def test_aws_accepts_the_form_of_the_queries(board: Board) -> None:
    """By botocore's model of GetMetricData; expressions name existing queries, and something is returned."""
    shape = get_session().get_service_model("cloudwatch").operation_model("GetMetricData").input_shape
    assert shape is not None
    for queries in calls(dashboard_body(board, "eu-west-1")):
        parameters = {"MetricDataQueries": queries, "StartTime": 0, "EndTime": 1}
        assert not ParamValidator().validate(parameters, shape).generate_report()
        ids = [query["Id"] for query in queries]
        assert len(ids) == len(set(ids)) <= MAX_QUERIES_OF_CALL
        assert any(query["ReturnData"] for query in queries)
        for query in queries:
            text = re.sub(r"'[^']*'", "", query.get("Expression", ""))
            assert set(re.findall(r"\b[a-z]\w*", text)) <= set(ids)


def test_a_name_in_a_search_is_not_an_id() -> None:
    """Quotes end a text only where they are not escaped."""
    search = r"""SEARCH('{"AWS/SageMaker",EndpointName} MetricName="x" EndpointName="s0 \'s0"', 'Sum', 300)"""
    widget = {"properties": {"metrics": [[{"expression": search, "id": "s0", "period": 300, "visible": True}]]}}
    (query,) = widget_queries(widget, 3)
    assert (query["Id"], query["Expression"]) == ("w3_s0", search)


def test_a_widget_is_in_one_call() -> None:
    """Its expressions name its other queries."""
    metrics = [[{**EXPRESSION, "id": f"s{index}", "expression": "1 + 1"}] for index in range(200)]
    made = list(calls({"widgets": [{"properties": {"metrics": metrics}}] * 5}))
    assert [len(call) for call in made] == [400, 400, 200]
    assert len({query["Id"] for query in chain.from_iterable(made)}) == 1000


def test_a_dashboard_without_metrics_needs_no_call() -> None:
    """Such as that of the log of invocations."""
    assert list(calls({"widgets": [{"properties": {"markdown": "text"}}]})) == []
