"""A wrong `forwarder.toml`: all problems at once, each with its line, the name of its table, and the likely correction."""

import re
from pathlib import Path

import pytest
from msgspec import convert

from capture_forwarder.configuration.reader import SettingsError, parse_settings, read_settings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.shape import Shape

DESTINATION = """[[destination]]
name = "arthur"
kind = "arthur"
url = "https://arthur.example.com"
secret = "ssm:/arthur"
"""
ROUTE = """
[[route]]
name = "churn"
bucket = "captures"
prefix = "datacapture/churn/"
destination = "arthur"
model_id = "m"
"""
GOOD = DESTINATION + ROUTE


def lines_of(text: str) -> list[str]:
    """Return the lines of the message of a wrong file, without the first."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_problems_of_meaning_come_with_problems_of_shape() -> None:
    """The whole list comes at once, in the order of the file."""
    text = GOOD.replace("https://arthur", "http://arthur").replace('model_id = "m"', "model_id = 5")
    text = text.replace('destination = "arthur"', 'destination = "arthr"').replace("ssm:/arthur", "ssm:arthur")
    text += '[[bucket]]\nname = "capture"\n[stack]\nmax_concurrency = 1\nreserved_concurrency = 5\n'
    assert [line.partition(": ")[0] for line in lines_of(text)] == [
        'line 4, destination "arthur", url',
        'line 5, destination "arthur", secret',
        'line 11, route "churn", destination',
        'line 12, route "churn", model_id',
        'line 14, bucket "capture", name',
        "line 16, stack.max_concurrency",
    ]


@pytest.mark.parametrize(
    "line",
    [
        'name = "arthur"',
        'kind = "arthur"',
        "url =",
        "secret =",
        'name = "churn"',
        "bucket =",
        "prefix =",
        "destination =",
        "model_id =",
    ],
)
@pytest.mark.parametrize("instead", ["", "{} = 5", "{} = [1]"])
def test_a_wrong_or_missing_required_option_causes_no_other_problem(line: str, instead: str) -> None:
    """A stand-in replaces it, and no problem is about a stand-in. The bucket and the destination are named elsewhere."""
    old = next(one for one in GOOD.splitlines() if one.startswith(line))
    text = f'{GOOD}[[bucket]]\nname = "captures"\n'.replace(old, instead.format(old.split(" ", maxsplit=1)[0]))
    (shown,) = lines_of(text)
    assert "stand-in" not in shown


def test_a_wrong_optional_value_causes_no_other_problem() -> None:
    """Its default would not fit the other options."""
    assert len(lines_of(GOOD + '[function]\ngive_up_days = 12\n[stack]\nmessage_retention_days = "13"\n')) == 1
    assert len(lines_of(GOOD + '[stack]\nmax_concurrency = "5"\nreserved_concurrency = 5\n')) == 1


@pytest.mark.parametrize(
    "document",
    [{}, {"destination": [{}], "route": [{}], "bucket": [{}], "stack": {"vpc": {}}}, {"route": [{"attribute": [{}]}]}],
    ids=["no table", "empty tables", "an empty attribute"],
)
def test_every_required_option_has_a_stand_in(document: dict[str, object]) -> None:
    """So the check of meaning has settings for every wrong document."""
    assert isinstance(Shape(document).settings, Settings)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("model_id", "modelid", 'line 12, route "churn", modelid: no such option; did you mean model_id?'),
        ("model_id", "MODEL_ID", 'line 12, route "churn", MODEL_ID: no such option; did you mean model_id?'),
        ("[[route]]", "[[routes]]", "line 7, routes: no such option; did you mean [[route]]?"),
        ('"arthur"\nmodel_id', '"arthr"\nmodel_id', "line 11, route \"churn\", destination: no [[destination]] is named 'arthr'; did you mean arthur?"),
        ('"m"\n', '"m"\ncsv_delimiter = ";"\n', 'line 13, route "churn", csv_delimiter: no such option; did you mean input_csv_delimiter or output_csv_delimiter?'),
        ('"m"\n', '"m"\nmax_bytes = 5\n', 'line 13, route "churn", max_bytes: no such option; it is an option of [[destination]]'),
        ('"m"\n', '"m"\n"a.b\\u0007" = 5\n', 'line 7, route "churn": "a.b\\u0007": no such option; there are name,'),
        ('"m"\n', '"m"\none_sided = "foward"\n', 'line 13, route "churn", one_sided: write one of "reject", "forward"; did you mean forward?'),
        ('"m"\n', '"m"\ninput_csv_header = "true"\n', 'line 13, route "churn", input_csv_header: write true or false; remove the quotes'),
        ('"m"\n', '"m"\nschema = 2026-01-01\n', 'line 13, route "churn", schema: write one of "none", "model"; this is a date'),
    ],
)  # fmt: skip
def test_a_near_miss_has_its_correction(old: str, new: str, line: str) -> None:
    """Of a name, a value, a table, and an option of another table."""
    assert any(one.startswith(line) for one in lines_of(GOOD.replace(old, new))), lines_of(GOOD.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("https://arthur.example.com", "https://arthur.example.com/api/v3", "url"),
        ("https://arthur.example.com", "https://arthur.example.com/x/API/v3/models", "url"),
        ("ssm:/arthur", "ssm:arthur", "secret"),
        ("ssm:/arthur", "ssm:arthur#key", "secret"),
        ('kind = "arthur"', 'kind = "arthur"\nca_bundle = "missing.pem"', "ca_bundle"),
        ('"datacapture/', '"/datacapture/', "prefix"),
        ('"datacapture/churn/', '"/', "prefix"),
        ('"datacapture/', '"s3://captures/datacapture/', "prefix"),
    ],
)
def test_a_common_mistake_is_refused(old: str, new: str, path: str) -> None:
    """Each would fail only later, in AWS or at the destination."""
    (line,) = lines_of(GOOD.replace(old, new, 1))
    assert f", {path}: " in line


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_and_line_ends_of_windows_are_accepted(tmp_path: Path, mark: str, ends: str) -> None:
    """Editors on Windows write them."""
    (tmp_path / "forwarder.toml").write_bytes((mark + GOOD.replace("\n", ends)).encode())
    assert read_settings(tmp_path / "forwarder.toml") == convert(parse_settings(GOOD), Settings)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (GOOD.replace("[[route]]", "[route]"), ['line 7, route "churn": write [[route]], with two brackets']),
        (GOOD.replace("[[route]]", " [ route ] # one"), ['line 7, route "churn": write [[route]], with two brackets']),
        (
            (GOOD + ROUTE.replace("churn", "fraud")).replace("[[route]]", "[route]"),
            ['line 7, route "churn": write [[route]]', 'line 14, route "fraud": write [[route]]'],
        ),
        (
            GOOD.replace("[[", "[").replace("]]", "]").replace('model_id = "m"', ""),
            ['line 1, destination "arthur": write [[destination]]', 'line 7, route "churn": write [[route]]', 'line 7, route "churn", model_id: missing'],
        ),
        (
            GOOD + '[route.attribute]\nname = "a"\nstage = "PIPELINE_INPUT"\nvalue_type = "FLOAT"\nposition = 0\n',
            ['line 13, route "churn", attribute: write [[route.attribute]]'],
        ),
        ("route = {}\n" + DESTINATION, ["line 1, route: write [[route]], with two brackets", "line 1, route 1, name: missing"]),
    ],
    ids=["one", "with space and a comment", "two", "a destination too", "an attribute", "inline"],
)  # fmt: skip
def test_one_bracket_in_place_of_two_is_understood(text: str, lines: list[str]) -> None:
    """The sentence says it, and the options of the table are checked."""
    found = lines_of(text)
    assert [line for line in lines if not any(one.startswith(line) for one in found)] == [], found


def test_a_text_that_looks_like_a_heading_is_no_heading() -> None:
    """Only a heading that makes a table out of a list is understood otherwise."""
    assert parse_settings(GOOD + 'input_rows = """\\\n[route]"""\n').route[0].input_rows == "[route]"


def test_a_line_is_that_of_the_statement() -> None:
    """Headings in comments and texts, lists of many lines, dotted and quoted keys move no line number."""
    text = (
        '# [[route]]\nstack.name = """\\\n  a\\\n  """\n"stack".tags = {a = "b"}\n'
        + GOOD
        + 'attribute = [ # three\n{name = "a", stage = "PIPELINE_INPUT", value_type = "FLOAT", position = 0},\n\n'
        '{name = "b", stage = "INPUT", value_type = "FLOAT", position = 1},\n]\nempty_text = "no"\n'
        + '[[bucket]]\nname = "captures"\nunrouted = "x"\n'
    )
    assert [line.partition(": ")[0] for line in lines_of(text)] == [
        'line 21, route "churn", attribute "b", stage',
        'line 23, route "churn", empty_text',
        'line 26, bucket "captures", unrouted',
    ]


def test_no_sentence_shows_a_regular_expression_or_a_secret() -> None:
    """Every option has a text that no pattern accepts."""
    text = re.sub(r'= "[^"]*"', '= "\\\\u0000hush-hush"', GOOD) + '[[bucket]]\nname = "?"\nkms_key_arns = ["?"]\n'
    lines = "\n".join(lines_of(text))
    assert not re.search(r"\^|\\\\|\(\?|\{\d|regex|pattern", lines), lines
    assert "hush-hush" not in lines


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfea", "cannot be read: it is not UTF-8; save it as UTF-8 text"),
        (b"a = b", 'is not TOML: Invalid value (at line 1, column 5); text stands in quotes, as in name = "churn"'),
        (None, "cannot be read: No such file or directory; write it, or name another file by --config"),
    ],
    ids=["UTF-16", "no quotes", "missing"],
)
def test_a_file_that_cannot_be_parsed_has_one_problem(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    """The sentence has the next step."""
    path = tmp_path / "forwarder.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    (problem,) = caught.value.problems
    assert problem.startswith(sentence)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The advice is to name the file in it, not to write it."""
    with pytest.raises(SettingsError, match="it is a folder; name the file in it"):
        read_settings(tmp_path)


def test_a_path_with_a_null_character_is_no_file() -> None:
    """It is a problem of the file, not of the reader."""
    with pytest.raises(SettingsError, match="no file has such a name"):
        read_settings(Path("a\0b"))


HOOK = """[[destination]]
name = "arthur"
kind = "webhook"
url = "https://hooks.example.com"
headers = { X-Key = "ssm:/key" }
"""


@pytest.mark.parametrize(
    ("destination", "problems"),
    [
        (
            DESTINATION.replace('kind = "arthur"', 'kind = "artur"'),
            ['line 3, destination "arthur", kind: write one of "arthur", "arthur-raw", "webhook"; did you mean arthur'],
        ),
        (DESTINATION.replace('kind = "arthur"', ""), ['line 1, destination "arthur", kind: missing; write one of']),
        (HOOK.replace('"webhook"', "5"), ['line 3, destination "arthur", kind: write one of']),
        (
            HOOK.replace('"webhook"', '"arthur"'),
            [
                'line 1, destination "arthur", secret: missing',
                'line 5, destination "arthur", headers: no such option; it is an option of [[destination]] with kind',
            ],
        ),
        (
            HOOK.replace("X-Key", '"X\\u001b[2J"').replace("ssm:/key", "ssm:key"),
            ['line 5, destination "arthur", headers: write', 'line 5, destination "arthur", headers: write names of'],
        ),
        (
            HOOK.replace('"ssm:/key"', '"ssm:/key\\n"'),
            ['line 5, destination "arthur", headers: remove the line end at the end'],
        ),
    ],
)
def test_a_destination_is_checked_as_its_kind_says(destination: str, problems: list[str]) -> None:
    """Without a valid kind only that is a problem, because the kind decides what else is right."""
    found = lines_of(destination + ROUTE)
    assert len(found) == len(problems), found
    assert all(one.isprintable() and one.startswith(problem) for one, problem in zip(found, problems, strict=True)), (
        found
    )
