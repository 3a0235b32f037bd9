"""A page in a real browser and what came of it: requests, errors, what axe finds; and a desk on which people decided things."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from ombud.model.event import Ref
from ombud.model.scope import Decision
from sync.scoping import decide_ticket
from tests.people_desk import CUSTOMER, SEVERITY

#: A browser asks nobody but the page's own server.
ALONE = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)
_AXE = (files("axe_core_python") / "axe.min.js").read_text("utf-8")
#: The whole of WCAG 2.2 to level AA.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN = "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})"


@dataclass
class Window:
    """A page in a browser, and what came of it.

    Attributes:
        page: Playwright's page.
        base: where the dashboard is.
        asked: addresses of every request.
        told: errors that the console tells of, a breach of the content policy among them.

    """

    page: Any
    base: str
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def go(self, path):
        """Open a page; gives the answer."""
        return self.page.goto(f"{self.base}{path}", wait_until="load")

    @property
    def path(self):
        """Give path and query of the page that is open."""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def overflow(self):
        """Give by how many pixels the page is wider than the window."""
        return self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def findings(self):
        """Give what axe finds serious or critical: rule, and the first place of it."""
        # Injected past the page's content policy, which stays in force for the page itself.
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_AXE)
        found = self.page.evaluate(_RUN, _RULES)["violations"]
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:160]} {each['nodes'][0]['failureSummary']}"
            for each in found
            if each["impact"] in {"serious", "critical"}
        ]

    def focused(self):
        """Give what has the focus: its words, and whether one sees that it has it."""
        return self.page.evaluate(
            """() => {
              const it = document.activeElement, style = getComputedStyle(it);
              return {
                words: (it.innerText || it.name || "").trim(),
                name: it.name || "",
                tag: it.localName,
                seen: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none",
              };
            }"""
        )

    def tab_to(self, name, most=80):
        """Press Tab until something of this name or these words has the focus."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            focused = self.focused()
            if name in {focused["name"], focused["words"]}:
                return focused
        raise AssertionError(f"Tab never came to {name!r} at {self.path}")


def is_page(path):
    """Tell whether a path is of something to read in a browser; the others are files."""
    return re.search(r"\.[a-z]+$|^/export/", path) is None


def decide(desk):
    """Have something of each kind that people decide: a waiver, an action, a dispute, a sample, a frozen month."""
    _leave_open(desk)
    desk.waive()
    carl = desk.as_("carl")
    failing = f"sandbox:{desk.keys['failing']}"
    sent = [
        ("/actions/new", {"title": "Check invoices twice", "why": "charged twice", "owner": "Billing", "due": "2027-02-01", "check_due": "2027-05-01", "once": "a1"}),
        ("/disputes/new", {"rule": "close.with_outcome", "complaint": failing, "why": "It was told by letter", "once": "a2"}),
        ("/triage/samples", {"size": "2", "seed": "7"}),
        ("/reports/kpi", {"month": "2026-12"}),
    ]  # fmt: skip
    for path, told in sent:
        answer = carl.submit(path, **told)
        assert answer.status_code == 303, f"{path}: {answer.status_code} {answer.text}"


def _leave_open(desk):
    """Have tickets come that the scope leaves open, and decide all but the first."""
    told = {"summary": "Where is my router?", SEVERITY: "10203"}
    tickets = [desk.desk.world.create("CMP", "Question", told, CUSTOMER).id for _ in range(4)]
    desk.desk.pass_time(minutes=20)
    desk.desk.sync()
    refs = [Ref("sandbox", "jira", each) for each in tickets]
    with desk.service.store.improve.reading() as acts:
        outside = acts.outside(refs)
    by = desk.service.persons.named("bob")
    for ref in refs[1:]:
        decide_ticket(
            desk.service,
            outside[ref],
            Decision.not_a_complaint,
            why="A question",
            by=by,
            shown=None,
        )
    desk.desk.sync()
    desk.keeper.refresh()
