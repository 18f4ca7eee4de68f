"""Graphs with hostile names, and readers of the renderings: strict grammars that know only our forms."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser

from hypothesis import strategies as st

from integrations.lineage.graph import Details, Edge, Graph, Kind, Vertex

HOSTILE = [
    "<script>alert(1)</script>",
    "\"]; n9[\"x' onload='y",
    "a|b\\|c\\",
    "two\nlines\r\n\ttab",
    '=HYPERLINK("http://x")',
    " =1+1",
    "\uff1d1+1",
    "'-2",
    "`code``more`",
    "  ",
    "@someone #1 **bold** [a](http://b)",
    "\x1b[31mred\u202e\u200b\x9b",
    "\ud800",
    "wide \u4e00\u0301",
    "style x:#60;y &lt; #quot; \\N \\l &amp; -->",
    "\0",
    "--> n2 %%{init}%%",
    "]]>{{}}([",
]


def arn(number: int) -> str:
    """Return an ARN."""
    return f"arn:aws:sagemaker:eu-west-1:123456789012:artifact/{number:032x}"


def graph_of(names: Sequence[str], kinds: Sequence[Kind] = (Kind.ARTIFACT,)) -> Graph:
    """Return a chain of entities whose names, types, sources, properties and associations are all hostile."""
    vertices = {
        arn(at): Vertex(
            arn=arn(at),
            kind=kinds[at % len(kinds)],
            type=name,
            details=Details(
                name=name,
                source_uri=name,
                status=name,
                properties={name: name},
                created=datetime(2026, 1, 1, tzinfo=UTC),
            ),
        )
        for at, name in enumerate(names)
    }
    edges = {Edge(arn(at), arn(at + 1), names[at] or None) for at in range(len(names) - 1)}
    return Graph.of((arn(0),), vertices, edges)


HOSTILE_GRAPH = graph_of(HOSTILE, [*Kind])
TEXTS = st.lists(st.text(st.characters(exclude_categories=()), max_size=12), min_size=1, max_size=4)


def unescaped(text: str) -> str:
    """Return the text before its escapes."""
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape")


def joined(text: str) -> str:
    """Return a text without pairs of surrogates: as JSON reads them, one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def mermaid_text(text: str) -> str:
    """Return the text of a label."""
    return unescaped(re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text))


TEXT = r"(?:[A-Za-z0-9 _./-]|#\d+;)*"
MERMAID = re.compile(
    "|".join(
        (
            r"flowchart LR",
            rf'  (?P<id>n\d+)(?P<left>\[\[|\[|\(\[|\{{\{{)"(?P<name>{TEXT})<br/>(?P<type>{TEXT})"(?:\]\]|\]|\]\)|\}}\}}):::\w+',
            rf'  (?P<source>n\d+) -->(?:\|"(?P<label>{TEXT})"\|)? (?P<destination>n\d+)',
            r"  class n\d+(?:,n\d+)* start",
            r"  classDef \w+ [a-z0-9#,:-]+",
        )
    )
)
QUOTED = r'"(?:[^"\\\n]|\\.)*"'
DOT = re.compile(
    "|".join(
        (
            r"digraph lineage \{",
            r"\}",
            r"  rankdir=LR;",
            r'  node \[fontname="sans-serif"\];',
            rf"  (?P<id>n\d+) \[label=(?P<label>{QUOTED}), tooltip=(?P<arn>{QUOTED}), shape=[a-z]+(?:, penwidth=3)?\];",
            rf"  (?P<source>n\d+) -> (?P<destination>n\d+)(?: \[label=(?P<type>{QUOTED})\])?;",
        )
    )
)


class Page(HTMLParser):
    """Reads the elements and the cells of a page. Raises for elements and attributes that we do not write."""

    ELEMENTS = frozenset(
        [
            *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div"),
            *("table", "thead", "tbody", "tr", "th", "td", "svg", "defs", "marker", "path", "g", "rect", "text"),
        ]
    )
    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check the element, and begin a row or a cell."""
        assert tag in self.ELEMENTS
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in {"src", "href", "style"}
            assert "//" not in (value or "")
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check an element without content."""
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Every element is closed in its order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Add the text of a cell."""
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data


def read_page(text: str) -> list[list[str]]:
    """Return the rows of all tables."""
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open
    return page.rows
