"""The options of a route that say how payloads are read: each reaches its place, and a wrong one has a sentence."""

import pytest

from capture_forwarder.configuration.reader import parse_settings
from capture_forwarder.domain.route import CsvSpace, EmptyText, Layout, PayloadOptions
from tests.support import settings_file

ROUTE = """
[[destination]]
name = "a"
kind = "arthur"
url = "http://127.0.0.1:1"
secret = "env:T"

[[route]]
name = "r"
bucket = "bucket"
prefix = "p/"
destination = "a"
model_id = "m"
"""


def problems_of(lines: str) -> list[str]:
    """Return the problems of a route with `lines`, without its path."""
    return [problem.removeprefix("route[0].") for problem in settings_file.problems_of(ROUTE + lines)]


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("csv_header = true", PayloadOptions(csv_header=True)),
        ("csv_header = false", PayloadOptions(csv_header=False)),
        ('layout = "whole"', PayloadOptions(layout=Layout.WHOLE)),
        ('layout = "arrays"', PayloadOptions(layout=Layout.ARRAYS)),
        ('rows = "instances"', PayloadOptions(rows="instances")),
        ('rows = "body.the rows.0"', PayloadOptions(rows="body.the rows.0")),
        ('call_keys = ["labels", "a.b"]', PayloadOptions(call_keys=("labels", "a.b"))),
        ('content_type = "text/csv"', PayloadOptions(content_type="text/csv")),
        *((f"csv_delimiter = '{one}'", PayloadOptions(csv_delimiter=one)) for one in ",;|\t :~"),
        ('csv_delimiter = "\\t"', PayloadOptions(csv_delimiter="\t")),
    ],
    ids=str,
)
@pytest.mark.parametrize("side", ["input", "output"])
def test_an_option_of_one_side_leaves_the_other_side_alone(side: str, line: str, options: PayloadOptions) -> None:
    """The same names, with `input_` for the request and `output_` for the answer."""
    (route,) = parse_settings(f"{ROUTE}{side}_{line}").routes
    other = "output" if side == "input" else "input"
    assert getattr(route.decoding, side) == options
    assert getattr(route.decoding, other) == PayloadOptions()


@pytest.mark.parametrize("space", CsvSpace)
@pytest.mark.parametrize("empty", EmptyText)
def test_options_of_text_belong_to_both_sides(space: CsvSpace, empty: EmptyText) -> None:
    """They are options of the route."""
    (route,) = parse_settings(f'{ROUTE}csv_space = "{space}"\nempty_text = "{empty}"').routes
    assert (route.decoding.csv_space, route.decoding.empty_text) == (space, empty)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('input_rows = ""', 'input_rows: write the keys that lead to the list, joined by ".", such as "body.instances"'),
        ('input_rows = "a..b"', "input_rows: write the keys that lead to the list"),
        ('output_rows = ".a"', "output_rows: write the keys that lead to the list"),
        ('output_rows = "a."', "output_rows: write the keys that lead to the list"),
        ('output_rows = ["a"]', "output_rows: write the keys that lead to the list"),
        ('input_call_keys = "labels"', 'input_call_keys: write a list of keys, such as ["labels"]'),
        ('input_call_keys = [""]', "input_call_keys: write a list of keys"),
        ('output_call_keys = ["a", "b", "a"]', "output_call_keys: remove one 'a'; it is there twice"),
        ('input_csv_delimiter = ""', 'input_csv_delimiter: write the one character between cells, such as ";" or "\\t"; no letter'),
        ('input_csv_delimiter = ";;"', "input_csv_delimiter: write the one character between cells"),
        ("output_csv_delimiter = '\"'", "output_csv_delimiter: write the one character between cells"),
        ("output_csv_delimiter = '.'", "output_csv_delimiter: write the one character between cells"),
        ("output_csv_delimiter = '0'", "output_csv_delimiter: write the one character between cells"),
        ("output_csv_delimiter = '-'", "output_csv_delimiter: write the one character between cells"),
        ("output_csv_delimiter = 'x'", "output_csv_delimiter: write the one character between cells"),
        ("output_csv_delimiter = '\\'", "output_csv_delimiter: write the one character between cells"),
        ('input_csv_delimiter = "\\n"', "input_csv_delimiter: remove the line end at the end"),
        ('input_csv_header = "no"', "input_csv_header: write true or false"),
        ('input_layout = "table"', 'input_layout: write one of "rows", "dataframe_split",'),
        ('csv_space = "strip"', 'csv_space: write one of "auto", "keep", "trim"'),
        ('empty_text = "none"', 'empty_text: write one of "null", "keep"'),
        ('input_rows = "a"\ninput_layout = "whole"', 'input_rows: remove it, or remove input_layout = "whole", which reads no list under a key'),
        ('output_rows = "a"\noutput_layout = "rows"', 'output_rows: remove it, or remove output_layout = "rows", which'),
        ('output_rows = "a"\noutput_layout = "vector"', 'output_rows: remove it, or remove output_layout = "vector", which'),
        ('output_rows = "a"\noutput_layout = "object"', 'output_rows: remove it, or remove output_layout = "object", which'),
        ('input_call_keys = ["a"]\ninput_layout = "whole"', 'input_call_keys: remove it; with input_layout = "whole" every value belongs to the call'),
        ('input_rows = "a.labels"\ninput_call_keys = ["labels"]', "input_call_keys: remove 'labels', which input_rows names as the list of rows"),
        ('input_rows = "a"\ninput_content_type = "text/csv"', 'input_rows: remove it, or write input_content_type = "application/json"; CSV has no keys'),
        ('input_call_keys = ["a"]\ninput_content_type = "text/csv"', 'input_call_keys: remove it, or write input_content_type = "application/json"; CSV has no keys'),
        ('output_csv_header = false\noutput_content_type = "application/json"', 'output_csv_header: remove it, or write output_content_type = "text/csv"; JSON has no header'),
        ('output_csv_delimiter = ";"\noutput_content_type = "application/jsonlines"', 'output_csv_delimiter: remove it, or write output_content_type = "text/csv"; JSON has no delimiter'),
        ('output_content_type = "image/png"', "output_content_type: rows are read from text/csv, application/json and application/jsonlines, arrays from application/x-npy and application/x-npz, one text from text/plain"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_problem_with_its_remedy(lines: str, problem: str) -> None:
    """The sentence names the option first, and then the correction."""
    (found,) = problems_of(lines)
    assert found.startswith(problem)


def test_options_of_other_media_are_no_problem() -> None:
    """A payload's declared type may differ from call to call."""
    lines = 'input_rows = "a"\ninput_csv_header = true\ninput_layout = "columns"\noutput_csv_delimiter = ";"\n'
    assert parse_settings(ROUTE + lines).routes[0].decoding.input.layout is Layout.COLUMNS


def test_the_problems_of_both_sides_come_at_once() -> None:
    """One list, requests first."""
    lines = 'output_rows = "a"\noutput_layout = "whole"\ninput_call_keys = ["a"]\ninput_layout = "whole"\n'
    assert [one.split(":")[0] for one in problems_of(lines)] == ["input_call_keys", "output_rows"]
