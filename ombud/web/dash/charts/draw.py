"""Specifications drawn as SVG and PNG by vl-convert, in this process, kept while they are asked for."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from sync.palette import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ombud.web.dash.charts.plot import Spec

#: Pictures kept; one has some 30 kB.
_KEPT: Final = 256
#: Pixels of a PNG to one of the chart.
_SCALE: Final = 2.0
#: Vega knows no patterns, so the surface of "unknown" becomes one afterwards.
_PATTERN: Final = (
    '<defs><pattern id="{name}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="2" height="5" fill="{edge}"/></pattern></defs>'
)
_CLIP: Final = re.compile(r'id="(clip\d+)"')
_CLIPPED: Final = re.compile(r"url\(#(clip\d+)\)")


class _Kept:
    """Remember the last pictures by the digest of what was asked; safe to ask from several threads."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, draw: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        # Drawing takes tens of milliseconds, so others are not kept waiting for it.
        drawn = draw()
        with self._lock:
            drawn = self._pictures.setdefault(key, drawn)
            while len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        return drawn


_KEEPER: Final = _Kept()


def digest_of(spec: Spec) -> str:
    """Name a specification by what it says."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()


def to_svg(spec: Spec) -> str:
    """Draw a specification as SVG: text stays text, in the reader's own sans; nothing is fetched."""
    return _KEEPER.get(f"{digest_of(spec)}.svg", lambda: _svg(spec).encode()).decode()


def to_png(spec: Spec) -> bytes:
    """Draw a specification as PNG, two pixels to one, with fonts of this machine."""
    return _KEEPER.get(f"{digest_of(spec)}.png", lambda: _png(to_svg(spec)))


def _svg(spec: Spec) -> str:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    # Vega numbers its clips by what it drew before: here a picture is a function of its specification, and
    # several can stand in one page.
    own = digest_of(spec)[:12]
    names: dict[str, str] = {}
    for told in _CLIP.findall(drawn):
        names.setdefault(told, f"clip-{own}-{len(names)}")
    drawn = _CLIP.sub(lambda found: f'id="{names[found[1]]}"', drawn)
    drawn = _CLIPPED.sub(lambda found: f"url(#{names.get(found[1], found[1])})", drawn)
    for palette in (LIGHT, DARK):
        mark = palette.marks["unknown"]
        if f'fill="{mark.fill}"' in drawn:
            drawn = drawn.replace(f'fill="{mark.fill}"', f'fill="url(#hatch-{own})"')
            head = drawn.index(">") + 1
            drawn = (
                drawn[:head] + _PATTERN.format(edge=mark.edge, name=f"hatch-{own}") + drawn[head:]
            )
    return drawn


def _png(svg: str) -> bytes:
    import vl_convert

    # Elsewhere "system-ui" is a font of the reader's machine; here it has to be one that is installed.
    drawn: bytes = vl_convert.svg_to_png(svg.replace("system-ui, ", ""), scale=_SCALE)
    return drawn
