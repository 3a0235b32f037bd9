"""Data health, clause coverage, the decision log, packs and saved views, over real HTTP."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from ombud.store.engine import writing
from ombud.store.tables import decision
from policies.archive import read_contents, with_manifest
from policies.install import write
from policies.scaffold import begin
from policies.signature import generate, sign
from sync.figures.packs import origin_of
from tests.dash_desk import dash_desk

CLAUSE = "ISO 10002:2018 5.3"
DOCUMENT = {
    "clause": CLAUSE,
    "kind": "policy",
    "title": "Complaints policy",
    "link": "https://intranet.example/policy",
    "owner": "Compliance",
    "review_by": "2020-01-31",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with dash_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def lines(browser, query=""):
    told = browser.get(f"/log/lines.jsonl{query}")
    assert told.status_code == 200
    return [json.loads(each) for each in told.text.splitlines()]


def save(browser, **view):
    """Save a view from a page of the session."""
    return browser.post("/views", data={"csrf": browser.csrf(), **view}, allow_redirects=False)


class TestHealth:
    def test_it_says_for_each_helpdesk_what_is_known_and_what_mends_the_rest(self, desk):
        page = desk.as_("vera").get("/health").text
        assert "sandbox" in page
        assert "No census yet of sandbox" in page
        assert "ombud accounts census sandbox" in page
        assert "ombud hooks install sandbox" in page
        assert "Never read" not in page

    def test_a_helpdesk_that_was_never_read_is_shown_as_such(self, tmp_path):
        from sync.figures.healing import desks
        from sync.figures.health import healths
        from tests.people_desk import desk_at

        with desk_at(tmp_path) as fresh:
            told = healths(fresh.service, {}, fresh.service.now())
            assert [each.state for each in told] == ["never"]
            book = SimpleNamespace(ask=lambda *_: [])
            shown = desks(fresh.service, {}, book, frozenset(), fresh.service.now())
            assert [each.command for each in shown[0].mends] == ["ombud sync sandbox"]

    def test_a_stop_and_what_ends_it_are_shown(self, desk):
        from sync.rollout import resume, stop

        who, now = desk.desk.who("ann"), desk.service.now()
        with desk.service.store.book() as acts:
            row = stop(acts, "sandbox", by=who, why="writes the wrong thing", now=now)
        page = desk.as_("vera").get("/health").text
        assert "Stopped" in page
        assert "writes the wrong thing" in page
        assert "ombud rollout resume sandbox" in page
        with desk.service.store.book() as acts:
            resume(acts, "sandbox", by=who, why="mended", now=now)
        assert row.account == "sandbox"


class TestCoverage:
    def test_a_clause_says_what_is_asked_and_what_no_ticket_can_show(self, desk):
        page = desk.as_("vera").get("/coverage?period=all").text
        assert "no ticket can show it" in page
        assert "aligned with" in page
        assert not re.search(r"complian(t|ce with)|certified", page)
        assert "Name a document" not in page

    def test_documents_are_named_reviewed_and_removed_by_whom_and_when(self, desk):
        carl = desk.as_("carl")
        assert carl.submit("/coverage/documents", **DOCUMENT, once="abc1").status_code == 303
        # A form that is sent twice acts once.
        assert carl.submit("/coverage/documents", **DOCUMENT, once="abc1").status_code == 303
        page = carl.get("/coverage").text
        assert page.count('href="https://intranet.example/policy"') == 1
        assert "d overdue" in page
        assert "added by Carl" in page
        name, shown = re.search(r'documents/(\w+)/review.*?name="shown" value="(\w+)"', page, re.DOTALL).groups()  # fmt: skip
        path = f"/coverage/documents/{name}"
        assert carl.submit(f"{path}/review", shown=shown, review_by="2019-01-01").status_code == 409
        done = carl.submit(f"{path}/review", shown=shown, review_by="2099-12-31")
        assert done.status_code == 303
        page = carl.get("/coverage").text
        assert "reviewed by Carl" in page
        assert "d overdue" not in page
        # Whoever acts on a page from before is told what was done meanwhile.
        late = carl.submit(f"{path}/remove", shown=shown, why="old")
        assert late.status_code == 409
        assert "reviewed by Carl" in late.text
        shown = re.search(r'/remove".*?name="shown" value="(\w+)"', page, re.DOTALL).group(1)
        assert carl.submit(f"{path}/remove", shown=shown, why="replaced").status_code == 303
        assert "Complaints policy" not in carl.get("/coverage").text
        acts = [each.get("action") for each in lines(desk.as_("anna"))]
        assert acts[:3] == ["document removed", "document reviewed", "document added"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"link": "javascript:alert(1)"},
            {"link": "https://user:secret@evil.example/"},
            {"clause": "ISO 10002:2018 99"},
            {"kind": "rumour"},
            {"title": " "},
            {"review_by": "soon"},
        ],
    )
    def test_what_is_wrong_is_refused_and_what_was_written_stays(self, desk, wrong):
        told = desk.as_("carl").submit("/coverage/documents", **{**DOCUMENT, **wrong})
        assert told.status_code == 409
        assert "needs mending" in told.text
        assert "Compliance" in told.text
        assert "No document was named yet" in told.text

    @pytest.mark.parametrize("login", ["vera", "otto"])
    def test_whoever_may_only_read_names_none(self, desk, login):
        assert desk.as_(login).submit("/coverage/documents", **DOCUMENT).status_code == 403


class TestLog:
    def test_auditors_read_it_and_viewers_do_not(self, desk):
        assert desk.as_("vera").get("/log").status_code == 403
        assert desk.as_("vera").get("/log/lines.jsonl").status_code == 403
        page = desk.as_("otto").get("/log").text
        assert desk.keys["failing"] in page

    def test_the_newest_stands_first_and_pages_leave_nothing_out(self, desk):
        from sync.figures.log import Wanted, read_log

        told, below = [], None
        while True:
            page, below = read_log(desk.service, desk.keeper.book, frozenset(), Wanted(), below=below, most=7)  # fmt: skip
            told += [each.entry.seq for each in page]
            if below is None:
                break
        assert told == list(range(desk.service.store.verify_log(), 0, -1))

    def test_a_tickets_key_finds_its_case(self, desk):
        case = desk.desk.case(desk.tickets["failing"])
        told = lines(desk.as_("otto"), f"?case={desk.keys['failing']}")
        assert told
        assert {each["case"] for each in told} == {case}

    def test_what_is_restricted_keeps_its_place_in_the_chain_and_says_nothing(self, desk):
        anna, case = desk.as_("anna"), desk.desk.case(desk.tickets["restricted"])
        hidden = [each for each in lines(anna) if each.get("hidden")]
        assert hidden
        assert all(set(each) == {"seq", "known", "previous", "hash", "hidden"} for each in hidden)
        assert lines(anna, f"?case={case}") == []
        assert lines(anna, f"?case={desk.keys['restricted']}") == []
        assert not any(each.get("hidden") for each in lines(anna, "?show=none"))
        page = anna.get("/log").text
        assert "that you may not see" in page
        assert desk.keys["restricted"] not in page
        assert case not in page
        # Auditors see all of it.
        assert {each["case"] for each in lines(desk.as_("otto"), f"?case={case}")} == {case}

    def test_a_changed_line_shows(self, desk):
        otto = desk.as_("otto")
        assert "The chain holds" in otto.submit("/log/verify").text
        engine = desk.service.store._engine
        with writing(engine) as db:
            held = db.execute(decision.select().where(decision.c.seq == 2)).one()
            db.execute(update(decision).where(decision.c.seq == 2).values(action="invented"))
        try:
            told = otto.submit("/log/verify").text
            assert "The chain is broken" in told
            assert "line 2" in told
        finally:
            with writing(engine) as db:
                db.execute(update(decision).where(decision.c.seq == 2).values(action=held.action))
        assert "The chain holds" in otto.submit("/log/verify").text


class TestPacks:
    def test_a_pack_shows_what_is_in_force_and_where_it_stands(self, desk):
        vera, bound = desk.as_("vera"), desk.service.bounds[0]
        page = vera.get("/packs").text
        assert bound.pack.digest[:12] in page
        told = vera.get(f"/packs/{bound.pack.id}").text
        assert bound.digests["mapping"] in told
        assert "22" not in told or f"{len(bound.pack.rules)} rules asked" in told
        assert vera.get("/packs/none").status_code == 404
        assert vera.get("/packs/none/diff").status_code == 404

    def test_versions_are_compared_and_unknown_ones_said(self, desk):
        vera, name = desk.as_("vera"), desk.service.bounds[0].pack.id
        version = desk.service.bounds[0].pack.version
        same = vera.get(f"/packs/{name}/diff", params={"from": version, "to": version})
        assert "ask the same" in same.text
        none = vera.get(f"/packs/{name}/diff", params={"from": "9.9.9", "to": version})
        assert "There is no version 9.9.9" in none.text


def scaffolded(folder, version, title, since):
    """Write a pack of one rule's scaffold under a version."""
    root = begin("own", folder, since)
    file = root / "pack.yaml"
    text = file.read_text("utf-8")
    text = re.sub(r"(?m)^version: .*$", f"version: {version}", text)
    file.write_text(re.sub(r"(?m)^title: .*$", f"title: {title}", text), "utf-8")
    return root


class TestOrigin:
    def test_a_signature_that_is_trusted_is_told_from_one_that_is_not(self, tmp_path):
        root = scaffolded(tmp_path / "source", "1.0.0", "Own", "2026-01-01")
        key = generate(tmp_path / "own")
        contents = read_contents(root)
        contents = with_manifest(contents, "own", "1.0.0", 1)
        contents = replace(contents, signature=sign(contents.manifest, tmp_path / "own.key"))
        (tmp_path / "packs").mkdir()
        write(contents, tmp_path / "packs" / "own")
        public = next(each.name for each in tmp_path.iterdir() if each.suffix == ".pub")
        told = {}
        for keys in ((), (public,)):
            settings = SimpleNamespace(folder=tmp_path, trust=SimpleNamespace(keys=keys))
            told[bool(keys)] = origin_of(settings, "own")
        assert key in told[True].words
        assert told[True].good is True
        assert "does not name" in told[False].words
        assert told[False].good is None
        (tmp_path / "packs" / "own" / "pack.yaml").write_text("pack: other\n", "utf-8")
        assert origin_of(settings, "own").good is False
        assert origin_of(settings, "iso10002").good is None


class TestViews:
    def test_a_view_stands_in_the_frame_of_whoever_saved_it(self, desk):
        vera = desk.as_("vera")
        told = save(vera, name="Fibre", path="/rules", query="period=all&product=Fibre&notice=x")  # fmt: skip
        assert told.status_code == 303
        assert told.headers["location"].startswith("/rules?period=all&product=Fibre&notice=The")
        assert 'href="/rules?period=all&amp;product=Fibre"' in vera.get("/").text
        assert "product=Fibre" not in desk.as_("otto").get("/views").text
        name = re.search(r'name="view" value="(\w+)"', vera.get("/views").text).group(1)
        # Nobody deletes what is somebody else's.
        assert desk.as_("carl").submit("/views/delete", view=name).status_code == 409
        assert vera.submit("/views/delete", view=name).status_code == 303
        assert "product=Fibre" not in vera.get("/views").text

    def test_only_what_was_done_is_said_to_have_been_done(self, desk):
        vera = desk.as_("vera")
        told = save(vera, name="Mine", path="/rules", query="")
        assert 'role="status"' in vera.get(told.headers["location"]).text
        # Words that somebody else wrote into an address, with the mark of another session or with none.
        others = told.headers["location"].partition("&mark=")[2]
        for lie in ("/?notice=Pay+here", f"/?notice=Pay+here&mark={others}", "/?notice=Pay+here&mark=%C3%A9"):  # fmt: skip
            assert "Pay here" not in vera.get(lie).text
        assert 'role="status"' not in desk.as_("carl").get(told.headers["location"]).text

    def test_compliance_shares_and_others_see_it(self, desk):
        assert 'name="shared"' in desk.as_("carl").get("/rules").text
        assert 'name="shared"' not in desk.as_("vera").get("/rules").text
        sent = {"name": "=1+1<b>", "path": "/complaints", "query": "", "shared": "yes"}
        assert save(desk.as_("vera"), **sent).status_code == 409
        assert save(desk.as_("carl"), **sent).status_code == 303
        page = desk.as_("vera").get("/").text
        assert "=1+1&lt;b&gt;" in page
        assert "<b>" not in page.split("</header>")[-1].split("=1+1")[1][:20]

    @pytest.mark.parametrize(
        "path",
        ["//evil.example", "https://evil.example/", "/\\evil.example", "/nowhere", "/export/rules.csv", "/rules?x=1", "/signout", ""],
    )  # fmt: skip
    def test_only_pages_of_ours_are_saved(self, desk, path):
        told = save(desk.as_("carl"), name="Away", path=path, query="")
        assert told.status_code == 409
        assert "Away" not in desk.as_("carl").get("/views").text

    def test_a_filter_that_is_not_understood_is_not_saved(self, desk):
        told = save(desk.as_("carl"), name="Odd", path="/rules", query="nonsense=1")
        assert told.status_code == 400
