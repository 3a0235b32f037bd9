"""Pages: templates of ours, everything that is put in escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ombud.model.instant import iso
from ombud.web.dash.told import FILTERS
from sync.note import wall

if TYPE_CHECKING:
    from starlette.responses import Response

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"wall": wall, "iso": iso, **FILTERS}


def page(name: str, *, status: int = 200, **told: object) -> Response:
    """Give a page."""
    return HTMLResponse(_TEMPLATES.get_template(name).render(told), status_code=status)
