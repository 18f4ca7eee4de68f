"""The page of one dashboard: self-contained HTML without scripts, on the grid of 24 columns of CloudWatch."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from capture_ops.observability.rendering.widgets import COLUMN_PX, ROW_PX, Drawn
from integrations.observability.body import COLUMNS

_PADDING_PX = 12
WIDTH_PX = COLUMNS * COLUMN_PX + 2 * _PADDING_PX
_TEMPLATE = Path(__file__).with_name("page.html.jinja")


def page(title: str, source: str, widgets: Sequence[Drawn]) -> str:
    """Return the HTML. `source` says where the values come from. All texts are escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=title, source=source, widgets=widgets, columns=COLUMNS, row_px=ROW_PX, width_px=WIDTH_PX
    )
