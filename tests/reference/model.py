"""The words of the reference: a side of a call, the options, and the results; no module of the project is imported."""

from dataclasses import dataclass, field
from typing import Any

Named = dict[str, Any]


class Rejected(Exception):
    """The call is rejected; `code` is the code of the rejection."""

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class NameTwice(Rejected):
    """An object has a name twice, so that a value would be lost."""

    def __init__(self) -> None:
        super().__init__("bad_json", "a name twice in one object")


@dataclass(frozen=True)
class Refused:
    """One row of several that is rejected."""

    code: str


Row = tuple[Named, Named] | Refused


@dataclass(frozen=True)
class Side:
    """One payload as the capture holds it; `encoding` is CSV, JSON or BASE64."""

    text: str
    encoding: str
    content_type: str | None = None


@dataclass(frozen=True)
class SideOptions:
    """The options of section 6 for one side."""

    content_type: str | None = None
    layout: str | None = None
    header: bool | None = None
    delimiter: str | None = None
    rows: str | None = None
    call_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """The options of a route; `forward` is `one_sided = "forward"`, `trim` is `csv_space = "trim"`."""

    request: SideOptions = SideOptions()
    answer: SideOptions = SideOptions()
    forward: bool = False
    trim: bool = False


@dataclass(frozen=True)
class Where:
    """The side that is read, and its options."""

    answer: bool
    options: SideOptions = SideOptions()
    trim: bool = False

    @property
    def stem(self) -> str:
        """The name of ordered values."""
        return "prediction" if self.answer else "feature"


@dataclass
class Body:
    """The result of section 1 for a payload: `kind` is json, lines, csv or text.

    `content` is the document, the list of documents, the list of lines with their cells, or the text. `with_blank` has
    the inner blank lines of one column as empty cells. `names` is the line of names that an option or the type declares.
    """

    kind: str
    content: Any
    one_call: bool = False
    header: bool | None = None
    with_blank: list[list[str]] | None = None
    names: list[str] | None = None


@dataclass(frozen=True)
class Column:
    """One element a row. The name is "" for ordered values; with `one` a list of one is that one value."""

    name: str
    elements: list[Any]
    one: bool = False


@dataclass
class Table:
    """Rows as columns, and in `call` the values that every row repeats."""

    columns: list[Column] = field(default_factory=list)
    call: dict[str, Any] = field(default_factory=dict)


@dataclass
class View:
    """The statement of a payload (section 2): fixed, rows, call or open, and how many rows or values `n`.

    `whole` is the content as one row, `table` the content as rows. `lengths` are those of lists that differ in length,
    `bare` is the kind of the elements of a bare list, and `beside` tells of values beside the list or lists.
    `lines` is true of CSV and JSON Lines, `answers_call` of JSON Lines. `is_matrix` is true of a pandas frame, and of a
    list of lists that is bare or holds ordered values: its rows have their names whatever the other side is.
    `arrays` is true of arrays side by side, and `never` of those in CSV: its lines are never one call.
    """

    kind: str
    n: int
    whole: Any
    table: Table | Rejected = field(default_factory=Table)
    closed: bool = False
    lengths: tuple[int, ...] = ()
    bare: str = ""
    beside: bool = False
    by_lists: bool = False
    cuttable: bool = False
    lines: bool = False
    answers_call: bool = False
    is_matrix: bool = False
    arrays: bool = False
    never: bool = False
    body: Body | None = None
