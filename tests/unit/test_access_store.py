"""The staff and what is kept of them, on each kind of database."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from ombud.dashboard_settings import OidcSettings
from ombud.model.clock import FixedClock
from ombud.model.instant import DAY, HOUR, instant
from ombud.store import ViewRow
from ombud.store.errors import StoreError
from sync.access_audit import Trail
from sync.access_secrets import Passwords, digest_of
from sync.access_vouched import vouched
from sync.persons import Persons, Refused
from sync.staff import Roster
from tests.dash_house import SECRET, Counting
from tests.stores import run_on, store_at

pytestmark = pytest.mark.usefixtures("either")
ISSUER = "https://login.acme.example"


class Office:
    """What a roster asks of a service."""

    def __init__(self, folder):
        self.store = store_at(folder)
        self.clock = FixedClock(datetime(2027, 1, 8, 16, tzinfo=UTC))
        natives = {"acme:acc-anna": "anna", "oidc:anna@acme.example": "anna"}
        self.persons = Persons(self.store.pseudonym, {}, natives, ("anna",))

    def now(self):
        return instant(self.clock.now())


@pytest.fixture
def office(tmp_path):
    told = Office(tmp_path)
    yield told
    told.store.close()


@pytest.fixture
def roster(office):
    return Roster(office, Passwords(Counting()))


def add(roster, login="anna", role="admin", **told):
    return roster.add(login, name=told.pop("name", login.title()), role=role, by=None, **told)


def logged(office, folder):
    office.store.verify_log()
    return [row[0] for row in run_on(folder, "SELECT action FROM decision ORDER BY seq")]


def test_the_staff_is_kept_and_every_change_is_a_line_of_the_decision_log(office, roster, tmp_path):
    row = add(roster, " Anna@Acme.example ", zone="Europe/Berlin", groups=["b", "a", "a "], password=SECRET)  # fmt: skip
    assert roster.named("ANNA@acme.example") == row
    assert (row.login, row.circle, row.created_by) == ("anna@acme.example", {"a", "b"}, "ombud")
    assert SECRET not in str(row)
    changed = roster.change(row.id, by=office.persons.named("Ben"), groups=["*"], zone="")
    assert (changed.groups, changed.zone, changed.role) == ('["*"]', None, "admin")
    roster.change(row.id, by=office.persons.named("Ben"), groups=["*"])
    roster.set_password(row.id, "another one, quite long", by=office.persons.named("Ben"))
    assert logged(office, tmp_path) == ["staff added", "staff changed", "password set"]


@pytest.mark.parametrize(
    "told, why",
    [
        ({"login": "two words"}, "is no login"),
        ({"login": "oidc:anna"}, "is no login"),
        ({"login": "-anna"}, "is no login"),
        ({"name": "\u202e \x00"}, "has a name"),
        ({"role": "king"}, "no role"),
        ({"role": "auditor"}, "until when"),
        ({"zone": "Mars/Base"}, "no IANA time zone"),
        ({"password": "short"}, "too short"),
    ],
)
def test_what_is_not_right_is_refused_and_nothing_is_kept(office, roster, told, why):
    with pytest.raises(Refused, match=why):
        add(roster, **({"login": "anna", "name": "Anna"} | told))
    assert not office.store.access.anybody()


def test_two_cannot_have_one_login(roster):
    add(roster, "anna")
    with pytest.raises(Refused, match="anna is on the staff already"):
        add(roster, "ANNA", role="viewer")
    assert roster.named("anna").role == "admin"


def test_a_name_is_shown_without_what_turns_others_round(roster):
    assert add(roster, name="Anna\u202e nimda\x1b[2J" + "x" * 200).name.startswith("Anna nimda[2J")


def test_an_auditor_sees_everything_until_a_day(office, roster):
    row = add(roster, role="auditor", until=office.now() + DAY)
    assert row.circle == {"*"}
    assert row.let_in(office.now())
    office.clock.advance(timedelta(days=1))
    assert not row.let_in(office.now())


def test_the_last_admin_cannot_be_shut_out(office, roster):
    anna, by = add(roster), office.persons.named("anna")
    old = add(roster, "old", until=office.now() + 1)
    office.clock.advance(timedelta(hours=1))
    for change in (
        lambda: roster.disable(anna.id, by=by),
        lambda: roster.change(anna.id, by=by, role="compliance"),
        lambda: roster.change(anna.id, by=by, until=office.now() - 1),
    ):
        with pytest.raises(Refused, match="anna is the last admin"):
            change()
    roster.change(old.id, by=by, endless=True)
    assert roster.change(anna.id, by=by, role="viewer").role == "viewer"


def test_who_is_shut_out_loses_sessions_and_tokens(office, roster):
    add(roster)
    ben = add(roster, "ben", "viewer")
    link = roster.link(ben.id)
    told = roster.disable(ben.id, by=office.persons.named("anna"))
    assert not told.let_in(office.now())
    with pytest.raises(Refused, match="may not sign in"):
        roster.link(ben.id)
    roster.enable(ben.id, by=office.persons.named("anna"))
    assert roster.by_link(link.partition("code=")[2]) is None


def test_one_person_is_the_same_under_every_name(office, roster):
    by_name = add(roster, "a", name="Anna", person="anna")
    by_account = add(roster, "b", name="B", person="acme:acc-anna")
    vouched_for = add(roster, "c", name="C", person="oidc:anna@acme.example", issuer=ISSUER, subject="1")  # fmt: skip
    assert len({roster.person(row).key for row in (by_name, by_account, vouched_for)}) == 1
    assert {roster.person(row).name for row in (by_account, vouched_for)} == {"anna"}
    office.persons.check_approver(roster.person(vouched_for), "This")


def test_a_link_works_once_and_for_five_minutes(office, roster, tmp_path):
    row = add(roster)
    code = roster.link(row.id).removeprefix("/signin/once?code=")
    assert roster.by_link("x" + code) is None
    assert roster.by_link(code) == row
    assert roster.by_link(code) is None
    late = roster.link(row.id).removeprefix("/signin/once?code=")
    office.clock.advance(timedelta(minutes=5))
    assert roster.by_link(late) is None
    # What has ended is not kept.
    roster.link(row.id)
    assert run_on(tmp_path, "SELECT count(*) FROM access_token") == [(1,)]


def test_of_many_who_bring_one_link_one_is_let_in(roster):
    code = roster.link(add(roster).id).removeprefix("/signin/once?code=")
    start, found = threading.Barrier(8), []

    def attempt():
        start.wait()
        found.append(roster.by_link(code))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(row is not None for row in found) == 1


def test_the_first_of_the_staff_is_made_by_the_last_code_and_no_other(office, roster):
    told = {"login": "anna", "name": "Anna", "password": SECRET}
    former, code = roster.setup_code(), roster.setup_code()
    for wrong in (former, "", "x"):
        with pytest.raises(Refused, match="does not work"):
            roster.make_first(wrong, **told)
    with pytest.raises(Refused, match="too short"):
        roster.make_first(code, **(told | {"password": "short"}))
    assert roster.make_first(code, **told).role == "admin"
    with pytest.raises(Refused, match="staff already"):
        roster.make_first(code, **(told | {"login": "ben"}))
    assert roster.setup_code() is None
    assert len(office.store.access.staff()) == 1


def test_a_setup_code_ends_after_a_day_and_signs_nobody_in(office, roster):
    code = roster.setup_code()
    assert roster.by_link(code) is None
    office.clock.advance(timedelta(days=1))
    with pytest.raises(Refused, match="does not work"):
        roster.make_first(code, login="anna", name="Anna", password=SECRET)


class TestVouched:
    """What becomes of people whom an issuer vouches for."""

    @pytest.fixture
    def take(self, office, roster):
        def take(claims, **told):
            settings = OidcSettings(issuer=ISSUER, client_id="ombud", **told)
            return vouched(office, roster, settings, {"sub": "1", **claims})

        return take

    def test_nobody_known_is_refused(self, office, take):
        with pytest.raises(Refused, match="not on the staff"):
            take({"email": "eve@acme.example", "email_verified": True})
        assert not office.store.access.anybody()

    def test_or_becomes_a_viewer_where_the_settings_say_so(self, take, roster):
        row = take({"name": "Eve"}, unknown="viewer")
        assert (row.role, row.name, row.circle) == ("viewer", "Eve", set())
        assert take({"name": "Eve again"}, unknown="viewer") == row
        assert roster.person(row).name == row.login

    def test_who_calls_themselves_like_an_approver_is_none(self, office, take, roster):
        row = take({"name": "anna", "email": "eve@acme.example", "email_verified": True}, unknown="viewer")  # fmt: skip
        assert row.name == "anna"
        assert roster.person(row).key != office.persons.named("anna").key
        with pytest.raises(Refused, match="approvers"):
            office.persons.check_approver(roster.person(row), "This")

    def test_somebody_on_the_staff_is_found_by_a_verified_address_and_then_by_subject(self, take, roster):  # fmt: skip
        add(roster, "anna@acme.example", "compliance")
        with pytest.raises(Refused):
            take({"email": "anna@acme.example", "email_verified": False})
        with pytest.raises(Refused):
            take({"email": "anna@acme.example", "email_verified": "true"})
        row = take({"email": "Anna@acme.example", "email_verified": True})
        assert (row.role, row.subject) == ("compliance", "1")
        assert take({"email": "married@acme.example", "email_verified": True}).id == row.id
        # Somebody else who got the address later is not her.
        with pytest.raises(Refused, match="not on the staff"):
            take({"sub": "2", "email": "anna@acme.example", "email_verified": True})

    def test_the_issuer_says_who_is_what_at_each_sign_in(self, take):
        told = {"role_claim": "roles", "roles": {"lead": "compliance", "boss": "admin"}}
        row = take({"roles": ["lead", "boss", "other"]}, **told)
        assert row.role == "admin"
        assert take({"roles": "lead"}, **told).role == "compliance"
        with pytest.raises(Refused):
            take({"roles": ["other"]}, **told)
        assert take({}, unknown="viewer", **told).role == "viewer"

    def test_groups_come_from_their_claim(self, take):
        told = {"groups_claim": "groups", "unknown": "viewer"}
        assert take({"groups": ["fraud", 7]}, **told).circle == {"fraud"}
        assert take({}, **told).circle == set()

    def test_an_auditor_has_an_end(self, office, take):
        row = take({"r": "a"}, role_claim="r", roles={"a": "auditor"})
        assert row.until == office.now() + 30 * DAY

    def test_who_was_shut_out_stays_out(self, office, take, roster):
        add(roster)
        row = take({}, unknown="viewer")
        roster.disable(row.id, by=office.persons.named("anna"))
        with pytest.raises(Refused):
            take({}, unknown="viewer")


def test_reads_are_kept_together_and_everything_else_at_once(office):
    access = office.store.access
    trail = Trail(access, office.now, pause=3600)
    trail.note("s1", "page", "/", "period=2026-10")
    trail.note("s1", "page", "/complaints", "verdict=fail", 20)
    assert access.audited() == []
    trail.keep("s2", "export", "/export/complaints.csv", "", 1_204)
    kept = [(row.staff, row.what, row.path, row.query, row.rows) for _, row in access.audited()]
    assert kept == [
        ("s2", "export", "/export/complaints.csv", "", 1_204),
        ("s1", "page", "/complaints", "verdict=fail", 20),
        ("s1", "page", "/", "period=2026-10", None),
    ]
    assert [row.what for _, row in access.audited(of="s2")] == ["export"]
    assert [row.path for _, row in access.audited(what="page", most=1)] == ["/complaints"]
    [(seq, _)] = access.audited(what="page", most=1)
    assert [row.path for _, row in access.audited(before=seq)] == ["/"]
    trail.note("s1", "page", "/last", "")
    trail.close()
    assert access.audited()[0][1].path == "/last"


def test_a_trail_that_is_full_is_kept_by_whoever_comes_next(office):
    trail = Trail(office.store.access, office.now, pause=3600, most=3)
    for number in range(4):
        trail.note("s1", "page", f"/{number}", "")
    assert len(office.store.access.audited()) == 3
    trail.close()


def test_what_could_not_be_kept_is_kept_later_in_its_order(office, monkeypatch):
    access = office.store.access
    trail, keep = Trail(access, office.now, pause=3600), access.note

    def broken(*_, **__):
        raise StoreError("the disk is full")

    monkeypatch.setattr(access, "note", broken)
    trail.note("s1", "page", "/1", "")
    with pytest.raises(StoreError):
        trail.keep("s1", "export", "/2", "")
    monkeypatch.setattr(access, "note", keep)
    trail.keep("s1", "export", "/3", "")
    assert [row.path for _, row in reversed(access.audited())] == ["/1", "/2", "/3"]
    trail.close()


def test_saved_views_are_ones_own_unless_shared(office):
    access = office.store.access
    mine = ViewRow("v1", "s1", "Mine", "/complaints", "late=yes", False, office.now())
    access.put_view(mine)
    access.put_view(mine._replace(id="v2", name="All see it", shared=True))
    assert [row.id for row in access.views("s1")] == ["v2", "v1"]
    assert [row.id for row in access.views("s2")] == ["v2"]
    assert not access.drop_view("v2", "s2")
    assert access.drop_view("v2", "s1")
    assert access.views("s2") == []


def test_nothing_that_lets_somebody_in_stands_in_the_database(office, roster, tmp_path):
    row = add(roster, password=SECRET)
    code = roster.link(row.id).removeprefix("/signin/once?code=")
    told = str(run_on(tmp_path, "SELECT * FROM access_token")) + str(run_on(tmp_path, "SELECT * FROM staff"))  # fmt: skip
    assert code not in told
    assert SECRET not in told
    assert digest_of(code) in told
    assert office.now() < row.created + HOUR
