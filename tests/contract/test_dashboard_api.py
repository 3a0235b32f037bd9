"""The API against its own document: whatever is asked, answers have the form that they are said to have."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from ombud.store import StoreError
from ombud.store.book.flow import WORDS
from ombud.web.dash.api import DOCUMENT, ENDPOINTS
from ombud.web.dash.api_schema import document
from ombud.web.dash.api_words import FILTERS
from sync import filters
from tests.dash_desk import STAFF, dash_desk
from tests.people_desk import RULE
from tests.web_desk import until

CHECKOUT = Path(__file__).resolve().parents[2]
SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = [each.ok() for each in SCHEMA.get_all_operations()]
#: What is wrong with an address though each of its words is well formed: a period's end, a clock that is none.
UNSEEN = ("is not over yet", "or all", "is no rule with a deadline")
FEW = settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def set_pace(home, most):
    dashboard = home.service.settings.dashboard.model_copy(update={"api_per_minute": most})
    home.service.settings = home.service.settings.model_copy(update={"dashboard": dashboard})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with dash_desk(tmp_path_factory.mktemp("api")) as made:
        made.waive()
        set_pace(made, 10**6)
        yield made


@pytest.fixture(scope="module")
def carl(home):
    return home.token("carl")


@pytest.fixture
def ask(home, carl):
    """Give a function that asks as somebody with a token; `carl` is the compliance lead."""
    browser = home.browser()

    def asked(path, headers=carl, method="GET"):
        return browser.request(method, path, headers=headers, allow_redirects=False)

    return asked


def path_of(endpoint, home, what="failing"):
    told = endpoint.path.replace(":path", "")
    return told.format(pack="house", rule=RULE, account="sandbox", ticket=home.tickets[what])


def of_all(endpoint):
    return "?period=all" if endpoint.filtered else ""


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.path for each in OPERATIONS])
def test_whatever_is_asked_the_answer_is_as_the_document_says(home, carl, operation, mode):
    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def told(case):
        answers = []

        def answered():
            answers.append(case.call(base_url=home.url, headers=carl))
            # What was known on a past day is judged first.
            return answers[-1].status_code != 503

        until(answered)
        last = answers[-1]
        case.validate_response(last, excluded_checks=[positive_data_acceptance], headers=carl)
        if mode is GenerationMode.POSITIVE and last.status_code == 400:
            assert all(each.endswith(UNSEEN) for each in last.json()["problems"]), last.text

    told()


@pytest.mark.parametrize("login", STAFF)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[each.path for each in ENDPOINTS])
def test_answers_of_a_real_desk_have_the_form_for_everybody_who_may(home, ask, endpoint, login):
    answer = ask(path_of(endpoint, home) + of_all(endpoint), home.token(login))
    if not home.guard.of(home.roster.named(login)).may(endpoint.action):
        assert answer.status_code == 403
        return
    assert answer.status_code == 200, answer.text
    told = document()["paths"][endpoint.path.replace(":path", "")]["get"]["responses"]["200"]
    schema = told["content"]["application/json"]["schema"]
    whole = {**schema, "components": document()["components"]}
    jsonschema.Draft202012Validator(whole).validate(answer.json())


class TestDocument:
    def test_it_is_the_one_in_the_docs(self):
        held = (CHECKOUT / "docs/reference/openapi.json").read_text("utf-8")
        assert json.loads(held) == document(), (
            "write it anew: python -m ombud.web.dash.api_schema > docs/reference/openapi.json"
        )

    def test_it_is_openapi(self):
        SCHEMA.validate()
        for each in document()["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(each)

    def test_it_has_every_word_of_the_filter_and_no_other(self):
        known = {*filters.LISTS, *filters.FLAGS, *filters._OTHERS, *WORDS}
        assert {each.name for each in FILTERS} == known

    def test_it_is_served_to_whoever_may_read(self, ask):
        assert ask(DOCUMENT).json() == document()
        assert ask(DOCUMENT, None).status_code == 401

    def test_the_reference_names_every_address(self):
        text = (CHECKOUT / "docs/reference/api.md").read_text("utf-8")
        paths = [each.path.replace(":path", "") for each in ENDPOINTS]
        assert [each for each in (*paths, DOCUMENT) if f"`{each}`" not in text] == []


class TestWhoMayAsk:
    @pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[each.path for each in ENDPOINTS])
    def test_nobody_without_a_session_or_a_token(self, home, ask, endpoint):
        path = path_of(endpoint, home)
        for headers in (None, {"authorization": "Bearer ombud_made-up"}):
            answer = ask(path, headers)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"].startswith("Bring an API token")
        assert ask(path, home.token("carl", "export")).status_code == 403
        assert home.as_("carl").get(path).status_code == 200

    def test_what_there_is_not_is_told_to_nobody_who_is_not_known(self, ask):
        assert ask("/api/nothing", None).status_code == 401
        assert ask("/api/nothing").status_code == 404

    def test_a_complaint_one_may_not_see_is_like_one_that_is_not_there(self, home, ask):
        hidden = f"/api/complaints/sandbox/{home.tickets['restricted']}"
        absent = "/api/complaints/sandbox/999999"
        assert ask(hidden).status_code == 404
        assert ask(hidden).json() == ask(absent).json()
        assert ask(hidden, home.token("lena")).json()["figures"]["key"] == home.keys["restricted"]

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_nothing_is_changed_by_it(self, ask, method):
        answer = ask("/api/waivers", method=method)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")

    def test_reading_is_audited_with_filter_and_number(self, home, ask):
        ask("/api/complaints?period=all&rule=answer.in_time")
        assert home.audited(what="page")[-1] == (
            "carl", "page", "/api/complaints", "period=all&rule=answer.in_time", 6
        )  # fmt: skip


class TestNumbers:
    def test_they_are_those_of_the_pages_and_say_what_they_rest_on(self, home, ask):
        told = ask("/api/overview?period=all").json()
        assert told["figures"]["complaints"] == 6
        assert told["about"]["cohort"] == "received"
        assert told["about"]["packs"] == ["house 1.0.0"]
        assert told["about"]["groups"] == []
        listed = ask("/api/complaints?period=all").json()["figures"]
        assert (listed["total"], len(listed["complaints"])) == (6, 6)
        page = home.as_("carl").get("/complaints?period=all").text
        assert all(each["key"] in page for each in listed["complaints"])

    def test_each_number_of_a_rule_is_that_of_the_list_it_leads_to(self, ask):
        [rule] = [
            each
            for each in ask("/api/rules?period=all").json()["figures"]["rules"]
            if each["rule"] == RULE
        ]
        for verdict in ("pass", "fail", "waived", "unknown", "pending"):
            listed = ask(f"/api/complaints?period=all&rule={RULE}&verdict={verdict}").json()
            assert listed["figures"]["total"] == rule[verdict], verdict

    def test_what_is_restricted_is_in_no_number_of_others(self, home, ask):
        for login, seen in (("vera", 6), ("lena", 7), ("otto", 7), ("anna", 6)):
            token = home.token(login)
            for path in ("/api/overview", "/api/flow"):
                found = ask(f"{path}?period=all", token).json()["figures"]["complaints"]
                assert (login, path, found) == (login, path, seen)

    def test_clocks_count_what_was_due(self, ask):
        told = ask("/api/clocks?period=all&clock=answer.in_time").json()
        assert told["about"]["cohort"] == "due"
        assert told["figures"]["clock"]["rule"] == "answer.in_time"
        assert ask("/api/clocks?date=closed").json()["problems"] == [
            "date: there is no such word here"
        ]

    def test_what_was_known_then_is_judged_first(self, home, ask):
        answers = []

        def answered():
            answers.append(ask("/api/overview?period=all&known=2027-01-06"))
            return answers[-1].status_code == 200

        until(answered)
        assert answers[0].status_code in {200, 503}
        if answers[0].status_code == 503:
            assert int(answers[0].headers["retry-after"]) > 0
        assert answers[-1].json()["about"]["known"].startswith("2027-01-06T22:59:59")


class TestWrongAddresses:
    def test_every_word_that_is_not_understood_is_named(self, ask):
        answer = ask("/api/complaints?page=0&team=&period=all&period=2026&sort=colour")
        assert answer.status_code == 400
        assert answer.json() == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "Some words are not understood",
            "problems": [
                "period: it stands there 2 times",
                "page: '0' is no number from 1 to 20000",
                "team: it is empty",
                "sort: 'colour' is none of received, -received, due, -due, severity, -severity, key, -key",
            ],
        }

    @pytest.mark.parametrize(
        "path", ["/api/overview?page=2", "/api/health?period=all", f"{DOCUMENT}?x=1", "/api/rules?colour=red"]
    )  # fmt: skip
    def test_a_word_that_says_nothing_here_is_refused(self, ask, path):
        assert ask(path).status_code == 400
        assert "there is no such" in ask(path).json()["problems"][0]

    @pytest.mark.parametrize("period", ["0001", "9999", "1899", "2200-01", "last-9999w", "1900"])
    def test_years_far_away_are_an_answer_and_no_failure(self, ask, period):
        answer = ask(f"/api/overview?period={period}&against=before")
        assert answer.status_code == (200 if period == "1900" else 400)


class TestTrouble:
    def test_who_asks_too_often_waits_and_others_do_not(self, home, ask):
        vera, lena = home.token("vera"), home.token("lena")
        home.pass_time(minutes=2)
        set_pace(home, 3)
        try:
            found = [ask("/api/health", vera) for _ in range(5)]
            assert [each.status_code for each in found] == [200, 200, 200, 429, 429]
            assert 0 < int(found[-1].headers["retry-after"]) <= 60
            # Another token of the same person does not help.
            assert ask("/api/health", home.token("vera")).status_code == 429
            assert ask("/api/health", lena).status_code == 200
            home.pass_time(minutes=1)
            assert ask("/api/health", vera).status_code == 200
        finally:
            set_pace(home, 10**6)

    def test_a_database_that_does_not_answer_is_said_without_a_failure(
        self, home, ask, monkeypatch
    ):
        def broken(*_args, **_kept):
            raise StoreError("the database does not answer")

        monkeypatch.setattr(home.service.store, "acts", broken)
        answer = ask("/api/waivers")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")

    def test_a_mistake_of_ours_tells_nothing_of_itself(self, home, ask, monkeypatch):
        def broken(*_args, **_kept):
            raise ZeroDivisionError("password=hunter2")

        monkeypatch.setattr(home.service.store, "acts", broken)
        answer = ask("/api/waivers")
        assert answer.status_code == 500
        assert "hunter2" not in answer.text
        assert answer.json()["title"] == "Internal Server Error"
        assert answer.headers["cache-control"] == "no-store"
