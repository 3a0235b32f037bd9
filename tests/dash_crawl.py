"""Follow every link of the dashboard as somebody, and read what a page could make a browser do."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

#: Elements whose words are cut off from the direction of the words around them, by themselves or by `dir`.
ISOLATED = {"bdi", "option", "textarea", "title", "output", "td", "th", "dd", "dt", "li"}
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}  # fmt: skip
#: Attributes that hold an address.
_ADDRESSES = {"href", "src", "action", "formaction", "srcset", "data", "poster", "xlink:href"}


class Page(HTMLParser):
    """What stands in a page: links, forms, words; and what must not: anything that runs or shapes by itself."""

    def __init__(self, text):
        super().__init__()
        self.links, self.forms, self.wrong, self.turned = [], [], [], []
        self._open = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag not in VOID:
            self._open.append((tag, told))
        if tag == "script" and not (told.get("src") or "").startswith("/static/"):
            self.wrong.append(f"a script that is not a file of ours: {told}")
        if tag in {"style", "object", "embed", "iframe", "base", "foreignobject"}:
            self.wrong.append(f"<{tag}>")
        if tag == "meta" and told.get("http-equiv"):
            self.wrong.append(f"<meta {told}>")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.wrong.append(f"{tag} {name}={value}")
            if name in _ADDRESSES and not re.match(
                r"(https?://|/(?!/)|#|\?|data:image/svg|$)", value or ""
            ):
                self.wrong.append(f"{tag} {name}={value}")  # fmt: skip
        if tag == "form":
            self.forms.append({"method": told.get("method", "get"), "action": told.get("action"), "fields": set()})  # fmt: skip
        if tag == "input" and self.forms:
            self.forms[-1]["fields"].add(told.get("name"))
        if tag in {"a", "img", "source"}:
            where = told.get("href") or told.get("src") or told.get("srcset")
            if where and where.startswith("/") and "/static/" not in where:
                self.links.append(where)

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self._open and self._open[-1][0] in {"script", "style"} and data.strip():
            self.wrong.append(f"words inside <{self._open[-1][0]}>: {data[:60]!r}")
        inside = any(tag in ISOLATED or "dir" in told for tag, told in self._open[2:])
        if TURNING.search(data) and not inside:
            self.turned.append(data.strip()[:80])


def shape_of(address):
    """Give what makes an address the same as others but for its values: its path and the names of its words."""
    parts = urlsplit(address)
    return parts.path, tuple(sorted({name for name, _ in parse_qsl(parts.query)}))


def crawl(browser, begins, *, most=400, each=5, closed=()):
    """Follow links within the site; give what each address answered.

    Args:
        browser: signed in as somebody.
        begins: where to begin.
        most: paths at most; more fail, so that nothing is left out unseen.
        each: addresses of one path, each of another shape, besides those to begin with.
        closed: beginnings of paths that are left out.

    """
    waiting, seen, paths, found = list(begins), set(), Counter(), {}
    # A page that takes long to read must not meet a connection that was closed meanwhile.
    browser.headers["connection"] = "close"
    while waiting:
        address = waiting.pop(0)
        path = urlsplit(address).path
        if shape_of(address) in seen or path.startswith(("/signout", *closed)):
            continue
        if paths[path] >= each and address not in begins:
            continue
        seen.add(shape_of(address))
        paths[path] += 1
        assert len(paths) <= most, f"more than {most} paths"
        answer = browser.get(address, allow_redirects=False)
        found[address] = answer
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += Page(answer.text).links
    return found
