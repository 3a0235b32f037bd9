"""A synced desk under the whole dashboard over real HTTP: complaints of many kinds, staff of each role, and a browser for each."""

from __future__ import annotations

from contextlib import contextmanager

from ombud.model.instant import DAY
from ombud.web.app import make_app
from ombud.web.dash.routes import Dashboard
from sync.book import Bookkeeper
from sync.live.pulse import Pulse
from sync.waivers import dispute, request_waiver
from tests.dash_house import House
from tests.people_desk import ANNA, CAUSE, LATE, OUTSIDE, RULE, STARTED, desk_at
from tests.web_desk import listening

OUTCOME, PRODUCT, CHANNEL = "customfield_10050", "customfield_10044", "customfield_10041"
GROUP_FIELD = "customfield_10046"
#: The group of the restricted complaint, and the product that no other complaint has.
GROUP, SECRET_PRODUCT = "legal", "Zanzibar"
#: Stands in what people wrote about the restricted complaint.
HIDDEN_REASON = "quokka"
#: What a helpdesk may send: markup, a formula, a word that turns the line round, quotes, a path.
HOSTILE = "=cmd|' /C calc'!A0<script>alert(1)</script>\"'{{7*7}}\u202eEVIL ../../etc/passwd"
#: Login -> role; who signs in as whom. Lena is a viewer who may see what is restricted to the group.
STAFF = {
    "vera": "viewer",
    "lena": "viewer",
    "carl": "compliance",
    "anna": "admin",
    "otto": "auditor",
}
_MAPPED = (
    f'restricted_to = {{id = "{GROUP_FIELD}", name = "Group", keep = true}}\n'
    f'product = {{id = "{PRODUCT}", name = "Product", keep = true}}\n'
)


class DashDesk(House):
    """A desk, its book, and the application that `ombud serve` serves.

    Attributes:
        desk: the sandbox and what people do in it.
        keeper: keeps the book.
        keys: keys of complaints by what they are: "fine", "failing", "open", "late", "hostile", "restricted".

    """

    def __init__(self, desk):
        super().__init__(desk.service)
        self.desk = desk
        self.keys = {}
        self.keeper = Bookkeeper(desk.service, kept=False)
        self.pulses = {"sandbox": Pulse("sandbox", held=True)}
        self.dash = Dashboard(desk.service, self.keeper, self.guard, self.pulses)
        self._signed_in = {}

    def app(self):
        return make_app(
            self.service, dict, self.pulses, lambda _account: None, mounts=list(self.dash.routes)
        )

    def fill(self, *, restricted=True):
        """Have complaints come, be closed, fail, run late, be hostile and, unless told not to, be restricted; and read them."""
        desk, tickets = self.desk, {}
        right = {CAUSE: "10221", OUTCOME: "10251"}
        tickets["fine"] = desk.closed(**right, **{PRODUCT: "Fibre", CHANNEL: "10211"})
        tickets["late"] = desk.create(**{PRODUCT: "Fibre", CHANNEL: "10212"})
        desk.pass_time(days=5)
        tickets["failing"] = desk.closed(**{PRODUCT: "Mobile", CHANNEL: "10211"})
        tickets["hostile"] = desk.create(**{PRODUCT: HOSTILE})
        desk.world.comment(tickets["hostile"], ANNA, HOSTILE)
        desk.world.comment(tickets["late"], OUTSIDE, "a note", public=False)
        reopened = desk.closed(**right, **{PRODUCT: "Mobile"})
        desk.pass_time(hours=1)
        desk.world.edit(reopened, {}, ANNA, to_status=STARTED)
        desk.pass_time(hours=1)
        tickets["open"] = desk.create(**{PRODUCT: "Fibre"})
        # The last one, so that all others are the same without it.
        if restricted:
            tickets["restricted"] = desk.closed(**{PRODUCT: SECRET_PRODUCT, GROUP_FIELD: GROUP})
        else:
            desk.pass_time(minutes=3)
        desk.sync()
        self.tickets = tickets
        self.keys = {name: desk.world.find(each).key for name, each in tickets.items()}
        self.keeper.refresh()

    def staff(self):
        """Take everybody of `STAFF` on."""
        for login, role in STAFF.items():
            self.add(login, role, **({"groups": (GROUP,)} if login == "lena" else {}))

    def pass_time(self, **told):
        """Let time pass at the helpdesk and here."""
        self.desk.pass_time(**told)

    def as_(self, login):
        """Give the browser in which somebody is signed in."""
        if login not in self._signed_in:
            self._signed_in[login] = self.signed_in(login)
        return self._signed_in[login]

    def token(self, login, *scopes):
        """Make an API token of somebody's; gives what stands in `Authorization`."""
        row = self.roster.named(login)
        made = self.guard.tokens.make(row.id, name="a program", scopes=scopes or ("read",), days=30)
        return {"authorization": f"Bearer {made}"}

    def waive(self):
        """Grant a waiver for a complaint; where there is a restricted one, ask for one for that too, and dispute its finding."""
        self.desk.waive(self.service.now() + 10 * DAY, case=self.desk.case(self.tickets["failing"]))
        if "restricted" in self.tickets:
            case, who, now = (
                self.desk.case(self.tickets["restricted"]),
                self.desk.who("ann"),
                self.service.now(),
            )
            with self.service.store.book() as acts:
                request_waiver(
                    acts, self.desk.bound, rule=LATE, case=case, why=HIDDEN_REASON,
                    requested_by=who, until=now + 20 * DAY, now=now,
                )  # fmt: skip
                dispute(
                    acts, self.desk.bound, rule=RULE, case=case, why=HIDDEN_REASON, by=who, now=now
                )
        self.desk.pass_time()
        self.keeper.refresh()


@contextmanager
def dash_desk(folder, *, restricted=True):
    """Open a filled desk with its dashboard on a free port; `url` is where it is."""
    with desk_at(folder, mode="flag") as desk:
        mapping = folder / "sandbox.mapping.toml"
        lines = mapping.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if GROUP_FIELD not in line and PRODUCT not in line]
        mapping.write_text("".join(kept).replace("[fields]", f"[fields]\n{_MAPPED}#"), "utf-8")
        desk.reopen()
        opened = DashDesk(desk)
        opened.fill(restricted=restricted)
        opened.staff()
        with listening(opened.app()) as door:
            opened.url = door.url
            yield opened
        opened.guard.close()
        opened.keeper.close()
