"""The list of complaints and the page of one, over real HTTP on a synced desk: counts, links, secrets and hostile words."""

from __future__ import annotations

import hashlib
import html
import json
import re
from urllib.parse import quote

import pytest

from ombud.model.instant import DAY, moment
from tests.dash_desk import GROUP, HOSTILE, OUTCOME, PRODUCT, dash_desk
from tests.people_desk import ANNA
from tests.web_desk import until


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with dash_desk(tmp_path_factory.mktemp("desk")) as opened:
        opened.waive()
        yield opened


@pytest.fixture
def vera(desk):
    return desk.as_("vera")


def listed(browser, query=""):
    """Give the keys of a list, and how many it says there are."""
    text = browser.get(f"/complaints?period=all{query}").text
    keys = re.findall(r'data-label="Key"><a href="[^"]+" dir="auto">([^<]+)<', text)
    total = re.search(r'<div class="sentence">\s*<p><b>([\d,]+) complaint', text)
    return keys, int(total[1].replace(",", ""))


def path_of(desk, name):
    return f"/complaint/sandbox/{desk.tickets[name]}"


def plain(text):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


def evidence(desk, name, browser=None):
    return (browser or desk.as_("carl")).get(f"{path_of(desk, name)}/evidence.json").json()


def until_ready(browser, path):
    """Ask until what was known then has been judged."""
    held = []

    def ready():
        held[:] = [browser.get(path)]
        return held[0].status_code != 503

    until(ready)
    return held[0]


class TestList:
    def test_it_says_how_many_and_shows_them(self, vera, desk):
        keys, total = listed(vera)
        assert len(keys) == total > 4
        assert desk.keys["failing"] in keys

    def test_every_facet_leads_to_as_many_as_it_says(self, vera):
        text = vera.get("/complaints?period=all").text
        facets = re.findall(r'<a class="num" href="([^"]+)"><span class="hidden">[^<]+</span>([\d,]+)</a>', text)  # fmt: skip
        assert len(facets) > 3
        for href, count in facets:
            _, total = listed(
                vera, f"&{html.unescape(href).partition('?')[2].replace('period=all', '')}"
            )
            assert total == int(count), href

    def test_a_list_of_failures_says_what_it_leaves_out(self, vera):
        text = vera.get("/complaints?period=all&verdict=fail").text
        href, words = re.search(r'Not asked for here: <a class="num" href="([^"]+)">(\d+) ', text).groups()  # fmt: skip
        assert listed(vera, f"&{html.unescape(href).partition('?')[2].replace('period=all', '')}")[1] == int(words)  # fmt: skip

    @pytest.mark.parametrize("name", ["received", "due", "severity", "key"])
    def test_an_order_turns_round(self, vera, name):
        up, down = (listed(vera, f"&sort={sign}{name}")[0] for sign in ("", "-"))
        assert sorted(up) == sorted(down)
        if name == "key":
            assert up == down[::-1] == sorted(up, key=lambda key: int(key.partition("-")[2]))

    def test_what_matches_nothing_says_what_to_do(self, vera):
        text = vera.get("/complaints?period=all&q=no-such-key").text
        assert "No complaint matches" in text
        assert "Show this page without filters" in text

    @pytest.mark.parametrize("page", ["0", "-3", "x", "99999999999999999999", "7000000"])
    def test_a_page_that_is_not_there_is_one_that_is(self, vera, page):
        assert listed(vera, f"&page={page}")[0]

    def test_a_restricted_complaint_is_counted_for_its_group_alone(self, desk, vera):
        seen = listed(desk.as_("lena"))
        assert desk.keys["restricted"] in seen[0]
        keys, total = listed(vera)
        assert desk.keys["restricted"] not in keys
        assert total == seen[1] - 1
        assert "restricted" not in plain(vera.get("/complaints?period=all").text).lower()


class TestOne:
    def test_it_says_whose_move_it_is_and_what_mends_it(self, desk, vera):
        told = plain(vera.get(path_of(desk, "failing")).text)
        assert desk.keys["failing"] in told
        move = evidence(desk, "failing")["move"]
        assert move["who"] == "Nobody\u2019s name is on it"
        assert "Outcome is empty" in move["what"]
        assert move["what"] in told

    def test_key_and_id_lead_to_the_same(self, desk, vera):
        by_key = vera.get(f"/complaint/sandbox/{desk.keys['failing']}")
        assert by_key.status_code == 200
        assert plain(by_key.text).partition("Findings")[2] == plain(vera.get(path_of(desk, "failing")).text).partition("Findings")[2]  # fmt: skip

    def test_sums_end_on_their_total(self, desk, vera):
        sums = re.findall(r'<table class="sum">.*?</table>', vera.get(path_of(desk, "late")).text, re.DOTALL)  # fmt: skip
        assert sums
        for each in sums:
            assert each.count('class="total"') == 1
            assert '<tr class="total">' in each[each.rindex("<tr") :]

    def test_every_verdict_of_the_page_is_the_checks(self, desk):
        told = evidence(desk, "late")
        checked = {
            (finding.rule, finding.verdict.value)
            for finding, key, _ in desk.service.check()
            if key == desk.keys["late"]
        }
        assert {(each["rule"], each["verdict"]) for each in told["findings"]} == checked

    def test_only_who_may_ask_is_offered_to(self, desk, vera):
        assert "/disputes/new?" not in vera.get(path_of(desk, "failing")).text
        text = desk.as_("carl").get(path_of(desk, "failing")).text
        href = html.unescape(re.search(r'href="(/disputes/new\?[^"]+)"', text)[1])
        assert desk.as_("carl").get(href).status_code == 200

    def test_a_waiver_says_who_approved_it_and_stands_in_the_log(self, desk):
        told = evidence(desk, "failing")
        assert any(each["verdict"] == "waived" and "approved by" in each["waiver"] for each in told["findings"])  # fmt: skip
        acts = [each for each in told["log"] if each["lane"] == "people"]
        assert [each["what"].split()[0] for each in acts] == ["Waiver", "Waiver"]
        assert all(each["decision_log"] for each in acts)

    def test_internal_notes_and_ours_are_told_apart_from_word_to_the_customer(self, desk):
        said = [each["what"] for each in evidence(desk, "late")["log"]]
        assert "Internal note" in said
        assert not any("to the customer" in each for each in said)


class TestNobodyElses:
    def test_what_one_may_not_see_is_not_there(self, desk, vera):
        hidden = [f"/complaint/sandbox/{desk.tickets['restricted']}", f"/complaint/sandbox/{desk.keys['restricted']}"]  # fmt: skip
        nowhere = ["/complaint/sandbox/99999999", "/complaint/sandbox/CMP-99999", "/complaint/other/1"]  # fmt: skip
        for suffix in ("", "/evidence.json", "?known=2026-12-31"):
            told = {
                (answer.status_code, answer.text, answer.headers.get("content-type"))
                for each in (*hidden, *nowhere)
                for answer in [vera.get(f"{each}{suffix}")]
                if not (suffix.startswith("?") and answer.status_code == 503)
            }
            assert len(told) <= 1
            assert all(status == 404 for status, _, _ in told)

    def test_its_group_sees_it(self, desk):
        assert desk.as_("lena").get(path_of(desk, "restricted")).status_code == 200

    def test_who_may_not_export_gets_no_evidence(self, desk):
        token = desk.token("vera", "read")
        assert desk.browser().get(f"{path_of(desk, 'late')}/evidence.json", headers=token).status_code == 403  # fmt: skip


class TestHostile:
    def test_words_stay_words(self, desk, vera):
        text = vera.get(path_of(desk, "hostile")).text
        assert "<script>alert" not in text
        assert HOSTILE[:60] in plain(text)
        # What turns the line round ends where the value ends.
        for part in re.findall(r"<(\w+)[^>]*>[^<]*\u202e[^<]*</", text):
            assert part == "bdi" or f'<{part} dir="auto"' in text

    def test_a_megabyte_is_cut(self, desk, vera):
        desk.desk.world.edit(desk.tickets["hostile"], {PRODUCT: "<b>" + "x" * 1_000_000}, ANNA)
        desk.desk.sync()
        answer = vera.get(path_of(desk, "hostile"))
        assert answer.status_code == 200
        assert len(answer.text) < 300_000
        assert "<b>x" not in answer.text

    @pytest.mark.parametrize(
        "name", ["../../etc/passwd", "%00", "a" * 4_000, "' OR 1=1 --", "\u202e", "/"]
    )
    def test_a_name_that_is_none_is_not_there(self, vera, name):
        assert vera.get(f"/complaint/sandbox/{quote(name, safe='')}").status_code in {400, 404}


class TestEvidence:
    def test_it_carries_a_digest_over_all_of_it(self, desk):
        told = evidence(desk, "failing")
        digest = told.pop("sha256")
        text = json.dumps(told, sort_keys=True, ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == digest

    def test_its_lines_are_those_of_the_decision_log(self, desk):
        told = evidence(desk, "failing")
        logged = desk.service.store.logged(told["case"])
        assert [each["hash"] for each in told["decision_log"]] == [each.hash for each in logged]
        assert set(told["digests"]) == {"pack", "parameters", "mapping", "scope", "calendar"}

    def test_no_keyed_identifier_is_in_it(self, desk):
        text = json.dumps(evidence(desk, "late"))
        assert not re.search(r'"p:[0-9a-f]{32}"', text)


class TestThen:
    def test_a_past_day_shows_what_was_known_then(self, desk):
        first = evidence(desk, "late")
        assert first["known_at"] is None
        then = moment(desk.service.now() - 8 * DAY).date().isoformat()
        answer = until_ready(desk.as_("carl"), f"{path_of(desk, 'late')}?known={then}")
        # The desk was read only after that day.
        assert answer.status_code == 404
        assert "Nothing was known here" in answer.text


def test_what_is_mended_since_was_still_missing_on_a_past_day(tmp_path):
    with dash_desk(tmp_path) as desk:
        then = moment(desk.service.now()).date().isoformat()
        desk.desk.pass_time(days=2)
        desk.desk.world.edit(desk.tickets["failing"], {OUTCOME: "10251"}, ANNA)
        desk.desk.sync()
        carl, path = desk.as_("carl"), path_of(desk, "failing")
        past = until_ready(carl, f"{path}/evidence.json?known={then}").json()
        stands = [
            {each["rule"]: each["standing"] for each in told["findings"]}["close.with_outcome"]
            for told in (past, evidence(desk, "failing"))
        ]
        assert stands == ["fail", "pass"]
        assert past["judged_at"] == past["known_at"]
        assert "As known at" in carl.get(f"{path}?known={then}").text
        assert "/disputes/new?" not in carl.get(f"{path}?known={then}").text


def test_groups_are_asked_of_the_field(desk):
    assert evidence(desk, "restricted", desk.as_("lena"))["key"] == desk.keys["restricted"]
    assert GROUP not in desk.as_("vera").get("/complaints?period=all").text
