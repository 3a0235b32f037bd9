"""Every word that an address of the API may have, with what it may be set to."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ombud.model.facts import STAGES, Verdict
from ombud.store.book import GRADES
from ombud.store.book.filter import NONE
from ombud.store.book.flow import COLUMNS, KINDS, OTHERS
from ombud.store.book.listing import ASIDE
from ombud.store.book.teams import GROUPED
from sync.figures.complaints import LAST_PAGE
from sync.filters import LONGEST

Schema = dict[str, Any]


class Word(NamedTuple):
    """Name a word.

    Attributes:
        name: as it stands in an address.
        about: what it asks for.
        schema: what one value may be.
        many: whether it may be given several times, for any of its values.

    """

    name: str
    about: str
    schema: Schema
    many: bool = False


_TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_YEAR: Final = r"(19|20)[0-9]{2}"
_DAY: Final = rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_PERIOD: Final[Schema] = {
    "type": "string",
    "pattern": (
        "^(all|today|this-(week|month|quarter|year)|last-(month|quarter)|last-([1-9][0-9]{0,2}[dwm]|[1-9][0-9]{3}d)"
        rf"|{_YEAR}(-(q[1-4]|0[1-9]|1[0-2]))?|{_DAY}(\.\.{_DAY})?)$"
    ),
    "examples": ["last-90d", "2026-10", "2026-q3", "2026-10-01..2026-10-31"],
}
_DEVIATION: Final[Schema] = {
    "type": "string",
    "pattern": f"^({'|'.join(OTHERS)}|({'|'.join(KINDS)}):({'|'.join(STAGES)}))$",
}
_FLAG: Final[Schema] = {"type": "string", "enum": ["yes", "no"]}
_VERDICT: Final[Schema] = {"type": "string", "enum": [each.value for each in Verdict]}


def _choice(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


#: Words of the filter; every address that gives figures takes them all.
FILTERS: Final = (
    Word("period", "Which complaints: those whose date lies in it. The last 90 days where nothing is said.", _PERIOD),
    Word("date", "Which date has to lie in the period: of receipt, on which the answer is due, or of closing.", _choice("received", "due", "closed")),
    Word("against", "The period to compare with; `before` is the one before, which is taken where nothing is said.", {"anyOf": [{"const": "before"}, _PERIOD]}),
    Word("known", "What was known at the end of a period that is over, under the policy in force then. The first answer may be 503: it is being judged.", _PERIOD),
    Word("helpdesk", "An account of ombud.toml.", _TEXT, many=True),
    Word("binding", "A binding of ombud.toml.", _TEXT, many=True),
    Word("project", "A project or queue.", _TEXT, many=True),
    Word("team", "A team; `-` is none.", _TEXT, many=True),
    Word("channel", "A channel; `-` is none.", _TEXT, many=True),
    Word("product", "A product; `-` is none.", _TEXT, many=True),
    Word("category", "A category; `-` is none.", _TEXT, many=True),
    Word("severity", "A severity of complaints; `-` is none.", _TEXT, many=True),
    Word("stage", "The stage a complaint is in; `-` is unknown.", _choice(*STAGES, NONE), many=True),
    Word("outcome", "What was decided; `-` is nothing yet.", _TEXT, many=True),
    Word("cause", "A root cause; `-` is none.", _TEXT, many=True),
    Word("pack", "A pack with its version, as `iso10002 1.0.0`.", _TEXT, many=True),
    Word("grade", "How a complaint stands by its major rules: right first time, right after intervention, failing, unknown, pending, none.", _choice(*GRADES), many=True),
    Word("owner", "The keyed identifier of an owner.", _TEXT, many=True),
    Word("case", "The identifier of a case.", _TEXT, many=True),
    Word("rule", "Complaints with a finding of this rule, by its id.", _TEXT, many=True),
    Word("clause", "Complaints with a finding of a rule under this clause, as `7.4` or `ISO 10002:2018 7.4`.", _TEXT, many=True),
    Word("rule-severity", "Complaints with a finding of a rule of this severity.", _choice("major", "minor", "observation"), many=True),
    Word("verdict", "Complaints with a finding that was judged so.", _VERDICT, many=True),
    Word("standing", "Complaints with a finding that stands so now.", _VERDICT, many=True),
    Word("open", "Open complaints alone, or closed ones.", _FLAG),
    Word("late", "Those with a missed deadline that still runs, or those without.", _FLAG),
    Word("moved", "Those that Ombud moved back, or those that it did not.", _FLAG),
    Word("waived", "Those with a waived finding, or those without.", _FLAG),
    Word("before", "`no` leaves out complaints received before the policy.", _FLAG),
    Word("enforced", "Those that Ombud moved back, or those left to a person.", _choice("moved-back", "person")),
    Word("due", "Those whose next deadline lies in this period.", _PERIOD),
    Word("due-in", "Those with a finding whose deadline lies in this period.", _PERIOD),
    Word("variant", "Those that took this way; its key stands in `/api/flow`.", {"type": "string", "pattern": "^(status:)?[0-9a-f]{12}$"}, many=True),
    Word("step", "Those that had this activity.", _TEXT, many=True),
    Word("edge", "Those in which one activity followed another; its key stands in `/api/flow`.", {"type": "string", "pattern": "^([^>]+>[^>]*|>[^>]+)$", "maxLength": LONGEST}, many=True),
    Word("deviation", "Closed ones that kept to the required path (`none`), left it (`any`), or left it in one manner, as `missing:assessed`.", _DEVIATION, many=True),
    Word("repeat", "Those whose root cause came again within 90 days for the same complainant or product.", _choice("complainant", "product")),
    Word("q", "Part of a key.", _TEXT),
)  # fmt: skip
#: How the list of complaints is shown.
LISTED: Final = (
    Word("page", "Which page, from 1; one beyond the last is the last.", {"type": "integer", "minimum": 1, "maximum": LAST_PAGE}),
    Word("sort", "What the list is in order of; `-` before it is the largest first.", _choice(*(way + name for name in ("received", "due", "severity", "key") for way in ("", "-")))),
    Word("show", "Instead, those that no period names: of unknown receipt, or from before the policy.", _choice(*ASIDE)),
)  # fmt: skip
#: Of one complaint alone.
PAST: Final = tuple(each for each in FILTERS if each.name == "known")
#: Which clock is told in full.
CLOCKS: Final = (
    Word(
        "clock",
        "The rule whose clock is told in full; the most important where nothing is said.",
        _TEXT,
    ),
)
#: What is grouped by.
GROUPS: Final = (
    Word("by", "Groups of what; figures by owner are off unless the settings turn them on.", _choice(*GROUPED)),
)  # fmt: skip
#: Which lines of the decision log.
LINES: Final = (
    *(each for each in FILTERS if each.name == "period"),
    Word("case", "Lines about this case.", _TEXT),
    Word("rule", "Lines about this rule.", _TEXT),
    Word("show", "Lines that say this was done.", _TEXT),
    Word("page", "Lines with a lower number; `older` of the answer before.", {"type": "integer", "minimum": 1, "maximum": 2**53}),
)  # fmt: skip
#: What an activity is.
WALKED: Final = (
    Word("by", "Ways through stages, or through the helpdesk's own statuses.", _choice(*COLUMNS)),
)
