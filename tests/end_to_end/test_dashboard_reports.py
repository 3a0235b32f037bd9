"""Reports and exports over real HTTP: who may, what the files hold, and what forms do."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from ombud.model.facts import Verdict
from ombud.model.instant import DAY
from ombud.store.book import CODES, RuleInfo, open_book
from ombud.store.book.layout import Case, Checked, Step
from ombud.web.dash.routes import Dashboard
from ombud.web.shield import Shield
from sync.book import About
from tests.benchmarks import desk
from tests.dash_house import House
from tests.stores import url_at
from tests.web_desk import listening

HOSTILE = '=HYPERLINK("http://evil")\u202e<script>alert(1)</script>\''
ACK = RuleInfo(
    0, "ack", "iso10002", "Acknowledged in time", "It is acknowledged.", ("ISO 10002:2018 7.4",), "major",
    "deadline", start="received", stops=("acknowledged",),
)  # fmt: skip


class ReportHouse(House):
    """A house with the dashboard's pages over a book of a few complaints."""

    def __init__(self, service):
        super().__init__(service)
        self.book = open_book(None)
        self.now = service.now()
        with self.book.writing() as writing:
            writing.ordinal(ACK)
            self._put(
                writing, "1", self.now - 40 * DAY, closed=self.now - 38 * DAY, outcome="upheld"
            )
            self._put(writing, "2", self.now - 3 * DAY, product=HOSTILE, verdict=Verdict.pending)
            self._put(writing, "3", self.now - 2 * DAY, restricted="hr")
            writing.mark(cutoff=self.now)
        self.keeper = SimpleNamespace(
            book=self.book,
            about=About(("sandbox: all was read.",), 99.8, ("iso10002 1.0.0",)),
            building=None,
        )

    def app(self):
        dash = Dashboard(self.service, self.keeper, self.guard, {})
        return Starlette(routes=list(dash.routes), middleware=[Middleware(Shield)])

    @staticmethod
    def _put(writing, name, received, *, verdict=Verdict.passed, closed=None, **changed):
        told = dict.fromkeys(Case._fields) | {
            "kase": name,
            "account": "sandbox",
            "vendor": "jira",
            "ticket": name,
            "key": f"PAY-{name}",
            "url": f"https://desk.example/{name}",
            "binding": "cmp",
            "project": "PAY",
            "owner": "p:secret",
            "complainant": "p:secret",
            "received": received,
            "closed": closed,
            "pack": "iso10002 1.0.0",
            "before": False,
            "complete": True,
            "open": closed is None,
            "grade": "first",
            "day": received // DAY,
            **dict.fromkeys(("reopened", "moved_back", "major", "failing", "failed"), 0),
            **dict.fromkeys(("unknown", "pending", "waived"), 0),
        }
        code = CODES[verdict]
        way = [Step(0, "received", "New", received, closed, "person")]
        if closed is not None:
            way.append(Step(1, "closed", "Done", closed, None, "person"))
        due = received + 5 * DAY
        writing.put(
            Case(**(told | changed)), [Checked(0, received, code, code, due, None, 0)], way
        )  # fmt: skip


@contextmanager
def opened(folder):
    with desk.service(folder, url_at(folder)) as service:
        made = ReportHouse(service)
        with listening(made.app()) as door:
            made.url = door.url
            yield made
        made.guard.close()
        made.book.close()


@pytest.fixture
def home(tmp_path):
    with opened(tmp_path) as made:
        made.add("anna", "compliance")
        yield made


@pytest.fixture
def anna(home):
    return home.signed_in("anna")


def csrf(browser, page):
    text = browser.get(page).text
    return text.partition('name="csrf" value="')[2].partition('"')[0]


def submit(browser, path, *, page="/reports", files=None, **told):
    return browser.post(
        path, data={"csrf": csrf(browser, page), **told}, files=files, allow_redirects=False
    )


def rows_of(text):
    return [row for row in csv.reader(io.StringIO(text, newline="")) if not row[0].startswith("# ")]


class TestExports:
    def test_a_file_holds_exactly_what_the_address_filters(self, home, anna):
        found = anna.get("/export/complaints.csv?period=last-30d")
        assert found.headers["content-type"].startswith("text/csv")
        assert 'filename="ombud-complaints.csv"' in found.headers["content-disposition"]
        rows = rows_of(found.text)
        assert [row[rows[0].index("key")] for row in rows[1:]] == ["PAY-2"]
        told = anna.get("/export/complaints.json?period=all").json()
        assert [row["key"] for row in told["rows"]] == ["PAY-1", "PAY-2"]
        assert home.audited(what="export")[-1][2:] == (
            "/export/complaints.json",
            "period=all",
            2,
        )

    def test_a_file_says_what_it_rests_on_and_what_is_not_in_it(self, anna):
        told = {each["name"]: each["told"] for each in anna.get("/export/complaints.json").json()["about"]}  # fmt: skip
        assert told["Completeness"] == "sandbox: all was read."
        assert told["Judged by"] == "iso10002 1.0.0"
        assert "groups" in told["Not shown"]
        assert "owners" in told["Not in the file"]
        assert told["Rows"] == "2"

    def test_nobody_is_named_in_a_file_and_nothing_is_a_formula(self, anna):
        for kind in ("csv", "json"):
            assert "p:secret" not in anna.get(f"/export/complaints.{kind}").text
        text = anna.get("/export/complaints.csv").text
        assert '"\'=HYPERLINK(""http://evil"")[U+202E]' in text

    def test_excel_reads_a_workbook_with_a_sheet_about_it(self, anna):
        found = anna.get("/export/findings.xlsx")
        with zipfile.ZipFile(io.BytesIO(found.content)) as book:
            names = book.read("xl/workbook.xml").decode()
        assert 'name="Findings"' in names
        assert 'name="About"' in names

    @pytest.mark.parametrize("name", ["overview", "rules", "findings"])
    def test_figures_are_taken_along_too(self, anna, name):
        assert anna.get(f"/export/{name}.json").json()["count"] >= 1

    def test_a_page_without_a_table_of_its_own_gives_the_complaints_it_counts(self, anna):
        told = anna.get("/export/waivers.json?period=all").json()
        assert [row["key"] for row in told["rows"]] == ["PAY-1", "PAY-2"]

    @pytest.mark.parametrize("path", ["nothing.csv", "complaints.exe", "complaints", "../x.csv"])
    def test_of_what_is_not_there_there_is_no_file(self, anna, path):
        assert anna.get(f"/export/{path}").status_code == 404

    def test_a_filter_that_is_not_understood_gives_no_file(self, anna):
        found = anna.get("/export/complaints.csv?colour=red")
        assert found.status_code == 400
        assert "there is no such filter" in found.text

    def test_deadlines_come_as_a_calendar_with_the_same_names_each_time(self, anna):
        one = anna.get("/deadlines.ics").text
        assert one.count("BEGIN:VEVENT") == 1
        assert "SUMMARY:PAY-2: Acknowledged in time" in one.replace("\r\n ", "")
        assert one == anna.get("/deadlines.ics").text

    def test_histories_come_as_an_event_log(self, anna):
        root = ET.fromstring(anna.get("/export/log.xes?period=all").content)
        tag = "{http://www.xes-standard.org/}"
        assert len(list(root.iter(f"{tag}trace"))) == 2
        assert len(list(root.iter(f"{tag}event"))) == 3

    def test_who_is_not_signed_in_gets_nothing(self, home):
        for path in ("/export/complaints.csv", "/deadlines.ics", "/export/log.xes", "/reports"):
            found = home.browser().get(path, allow_redirects=False)
            assert found.status_code in {303, 401}
            assert b"PAY" not in found.content


class TestReview:
    def test_it_has_its_seven_inputs_and_says_what_nothing_is_known_of(self, anna):
        page = anna.get("/reports/review?period=all").text
        for letter in "abcdefg":
            assert f'id="input-{letter}"' in page
        assert "Nothing is known here." in page

    def test_what_people_write_stands_there_as_text(self, anna):
        done = submit(
            anna, "/reports/entries", page="/reports/review", part="outside", period="last-quarter", text=HOSTILE
        )  # fmt: skip
        assert done.status_code == 303
        page = anna.get(done.headers["location"]).text
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page

    def test_a_decision_is_put_to_it_and_comes_up_again_in_the_next(self, anna):
        done = submit(
            anna, "/reports/entries", page="/reports/review", part="process", period="last-quarter",
            finding="Late on Mondays", proposed="A second reader", owner="K. Brandt", due="2020-01-01",
        )  # fmt: skip
        assert "A second reader" in anna.get(done.headers["location"]).text
        later = anna.get("/reports/review?period=this-month").text
        assert "overdue" in later
        assert "A second reader" in anna.get("/reports").text

    def test_the_rail_marks_one_page(self, anna):
        page = anna.get("/reports/review").text
        # The rail stands twice: beside the page, and as a menu.
        assert page.count('aria-current="page"') == 2
        assert '<a href="/reports/review" aria-current="page">' in page

    def test_it_comes_on_paper_and_is_audited_as_taken_out(self, home, anna):
        found = anna.get("/reports/review.pdf?period=last-90d&show=goals")
        assert found.headers["content-type"] == "application/pdf"
        assert found.content.startswith(b"%PDF-")
        assert home.audited(what="export")[-1][2] == "/reports/review.pdf"

    def test_only_who_decides_may_write(self, home):
        home.add("vera", "viewer")
        vera = home.signed_in("vera")
        assert 'action="/reports/entries"' not in vera.get("/reports/review").text
        told = {"csrf": vera.csrf(), "part": "ideas", "period": "2026", "text": "x"}
        assert vera.post("/reports/entries", data=told, allow_redirects=False).status_code == 403

    @pytest.mark.parametrize(
        "told, said",
        [
            ({"part": "gossip", "text": "x"}, "no such part"),
            ({"part": "ideas", "text": " "}, "Write what the review should know"),
            ({"part": "process", "finding": "x"}, "Write what is proposed"),
            ({"part": "ideas", "text": "x" * 4001}, "too long"),
            ({"part": "ideas", "text": "x", "due": "soon"}, "is no date"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_a_remedy(self, anna, told, said):
        done = submit(anna, "/reports/entries", period="2026", **told)
        assert done.status_code == 409
        assert said in done.text


class TestMonths:
    def test_a_month_is_frozen_shown_and_checked(self, home, anna):
        month = home.service.clock.now().replace(day=1) - timedelta(days=1)
        name = f"{month:%Y-%m}"
        done = submit(anna, "/reports/kpi", month=name)
        assert done.headers["location"].startswith(f"/reports/kpi/{name}?notice=Frozen.&mark=")
        page = anna.get(f"/reports/kpi/{name}").text
        assert "as frozen, and as the decision log has it" in page
        told = anna.get(f"/reports/kpi/{name}?format=json")
        assert json.loads(told.text)["month"] == name
        again = submit(anna, "/reports/kpi", month=name)
        assert "Nothing+is+otherwise" in again.headers["location"]
        assert name in anna.get("/reports").text

    def test_a_month_that_is_not_over_or_was_not_frozen_is_refused(self, home, anna):
        now = f"{home.service.clock.now():%Y-%m}"
        assert submit(anna, "/reports/kpi", month=now).status_code == 409
        assert anna.get(f"/reports/kpi/{now}").status_code == 404


class TestSurvey:
    def test_a_file_is_imported_and_counted_by_decision(self, home, anna):
        day = f"{home.service.clock.now():%Y-%m-%d}"
        text = f"ticket,date,process,outcome\nPAY-1,{day},5,1\nsandbox:2,{day},,\n"
        done = submit(
            anna, "/reports/survey", page="/reports/survey", scale="5", files={"file": ("s.csv", text)}
        )  # fmt: skip
        assert done.status_code == 303, done.text
        page = anna.get(done.headers["location"]).text
        assert "2 rows read, 1 of them answered, 2 new." in page
        assert "Upheld" in page

    def test_what_is_wrong_with_it_is_told_by_line(self, anna):
        done = submit(
            anna, "/reports/survey", page="/reports/survey", scale="5",
            files={"file": ("my <b>.csv", "ticket,date,process,outcome\nPAY-1,soon,5,1\n")},
        )  # fmt: skip
        assert done.status_code == 400
        assert "my &lt;b&gt;.csv:2: date &#39;soon&#39; is no date" in done.text


def test_what_is_sent_by_the_clock_needs_a_channel(anna):
    done = submit(
        anna, "/reports/schedules", what="kpi", every="monthly", day="1", hour="8", channel="x"
    )
    assert done.status_code == 409
    assert "ombud.toml has no channel x" in done.text
