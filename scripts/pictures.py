"""Take the pictures of the documentation from the demonstration's data: python scripts/pictures.py (`make pictures`).

The demonstration is played, its dashboard is served on this machine, and Debian's Chromium looks at it.
"""

from __future__ import annotations

import base64
import io
import shutil
import struct
import sys
import tempfile
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import typst
from playwright.sync_api import sync_playwright
from rich.console import Console

from ombud import demo
from ombud.demo.dashboard import dashboard
from ombud.sandbox.world import DEFAULT_NOW
from sync.service import open_service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

INTO: Final = Path(__file__).resolve().parent.parent / "docs" / "pictures"
#: Bytes that a picture in the repository may have.
MOST: Final = 250_000
#: The demonstration ends in the night to a Saturday; it is looked at on the Monday after, when work begins.
_AFTER: Final = timedelta(days=2, hours=15, minutes=30)
_ORGANISATION: Final = '\n[dashboard]\norganisation = "Acme Broadband"\n'
_PDF_PAGE: Final = """#set page(width: auto, height: auto, margin: 0pt)
#image("review.pdf", page: 1)
"""
#: Gives size, palette and the places of all pixels in it; what is not among those kept becomes the nearest of them.
_COLOURS: Final = """async (told) => {
  const bytes = Uint8Array.from(atob(told), (each) => each.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
  const {width, height} = picture;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const data = canvas.getImageData(0, 0, width, height).data;
  const counts = new Map();
  const colour = (at) => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
  for (let at = 0; at < data.length; at += 4) counts.set(colour(at), (counts.get(colour(at)) ?? 0) + 1);
  const far = (a, b) => Math.abs((a >> 16) - (b >> 16)) + Math.abs(((a >> 8) & 255) - ((b >> 8) & 255)) + Math.abs((a & 255) - (b & 255));
  const commonest = [...counts.entries()].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map((each) => each[0]);
  const kept = commonest.slice(0, 32);
  // Shades of one colour must not push out the rare ones: of what is near a kept one, none is kept.
  for (const each of commonest) if (kept.length < 256 && kept.every((other) => far(each, other) > 24)) kept.push(each);
  const places = new Map();
  for (const each of counts.keys()) {
    let best = 0;
    for (let at = 1; at < kept.length; at++) if (far(kept[at], each) < far(kept[best], each)) best = at;
    places.set(each, best);
  }
  const pixels = new Uint8Array(width * height);
  for (let at = 0; at < pixels.length; at++) pixels[at] = places.get(colour(4 * at));
  const parts = [];
  for (let at = 0; at < pixels.length; at += 30000) parts.push(String.fromCharCode(...pixels.subarray(at, at + 30000)));
  return {width, height, palette: kept.flatMap((each) => [each >> 16, (each >> 8) & 255, each & 255]), pixels: btoa(parts.join(""))};
}"""


class Shot(NamedTuple):
    """Name a picture.

    Attributes:
        name: of its file.
        path: of the page.
        theme: of the page.
        size: of the window, in CSS pixels; a longer page is cut off, unless `whole`.
        whole: whether the whole page is taken.

    """

    name: str
    path: str
    theme: Literal["light", "dark"] = "light"
    size: tuple[int, int] = (1280, 1000)
    whole: bool = False


_PERIOD: Final = "period=2026-q4"
SHOTS: Final = (
    Shot("overview", f"/?{_PERIOD}", whole=True),
    Shot("overview-dark", f"/?{_PERIOD}", "dark", whole=True),
    Shot("overview-360", f"/?{_PERIOD}", size=(360, 1600)),
    Shot("complaints", f"/complaints?{_PERIOD}&verdict=fail"),
    Shot("clocks", f"/clocks?{_PERIOD}", size=(1280, 1200)),
    Shot("flow", f"/flow?{_PERIOD}", size=(1280, 1200)),
)


@dataclass
class _Still:
    """A clock that stands where it is put."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def play() -> tuple[Path, str]:
    """Play the demonstration; gives the folder of its database and a complaint that was moved back, as account:ticket."""
    report = demo.run(Console(file=io.StringIO()), once=True)
    return Path(report["findings"]).parent, str(report["moved_back"][0]["ref"])


def take(folder: Path, ref: str, into: Path) -> None:
    """Take every picture of a desk."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("no Chromium; on Debian: make setup-test")
    into.mkdir(parents=True, exist_ok=True)
    account, _, ticket = ref.partition(":")
    config = folder / "ombud.toml"
    config.write_text(config.read_text(encoding="utf-8") + _ORGANISATION, encoding="utf-8")
    shots = (*SHOTS, Shot("complaint", f"/complaint/{account}/{ticket}", size=(1280, 1100)))
    with (
        open_service(config, _Still(DEFAULT_NOW + _AFTER)) as service,
        dashboard(service) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        page, blank = _signed_in(browser, address), browser.new_page()
        base = address.partition("/signin")[0]
        for shot in shots:
            _keep(blank, into / f"{shot.name}.png", _shot(page, base, shot))
        paper = page.request.get(f"{base}/reports/review.pdf?{_PERIOD}").body()
        _keep(blank, into / "review.png", _first_page(paper))
        browser.close()


def _signed_in(browser: Browser, address: str) -> Page:
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.goto(address)
    # The book is looked through once more as the dashboard starts.
    while page.locator(".banner", has_text="being brought up to date").count():
        page.wait_for_timeout(500)
        page.reload()
    return page


def _shot(page: Page, base: str, shot: Shot) -> bytes:
    page.set_viewport_size({"width": shot.size[0], "height": shot.size[1]})
    page.emulate_media(color_scheme=shot.theme)
    answer = page.goto(f"{base}{shot.path}", wait_until="networkidle")
    if answer is None or not answer.ok:
        sys.exit(f"{shot.path} cannot be pictured: {page.inner_text('body')[:400]}")
    return page.screenshot(full_page=shot.whole)


def _first_page(paper: bytes) -> bytes:
    """Give the first page of a PDF as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "review.pdf").write_bytes(paper)
        main = Path(folder) / "main.typ"
        main.write_text(_PDF_PAGE, encoding="utf-8")
        return typst.compile(main, root=Path(folder), format="png", ppi=110)


def _keep(page: Page, file: Path, png: bytes) -> None:
    packed = _packed(page, png)
    if len(packed) > MOST:
        sys.exit(f"{file.name} has {len(packed):,} bytes; {MOST:,} are allowed. Show less in it")
    file.write_bytes(packed)
    print(f"{file.name}: {len(packed):,} bytes")


def _packed(page: Page, png: bytes) -> bytes:
    """Give a picture as PNG of at most 256 colours; Chromium reads its pixels."""
    told = page.evaluate(_COLOURS, base64.b64encode(png).decode())
    width, height = told["width"], told["height"]
    pixels = base64.b64decode(told["pixels"])
    # Each line begins with its filter: none.
    lines = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(told["palette"])),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def main() -> None:
    """Take the pictures."""
    print("Playing the demonstration", file=sys.stderr)
    folder, ref = play()
    try:
        take(folder, ref, INTO)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
