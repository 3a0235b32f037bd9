"""Signing in by OpenID Connect against an issuer on loopback, which does right and then wrong in every way."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from ombud.web.dash.oidc import Oidc, Unvouched
from tests.benchmarks.desk import NOW
from tests.dash_house import house
from tests.oidc_issuer import CLIENT, SECRET, issuing

ANNA = {"email": "anna@acme.example", "email_verified": True, "name": "Anna"}


@pytest.fixture
def issuer():
    with issuing(lambda: NOW) as told:
        yield told


@pytest.fixture
def home(tmp_path, issuer, monkeypatch):
    monkeypatch.setenv("OMBUD_OIDC_SECRET", SECRET)
    told = {"issuer": issuer.url, "client_id": CLIENT, "name": "Acme", "role_claim": "roles"}
    with house(tmp_path, dashboard={"oidc": told}) as opened:
        issuer.now = opened.service.clock.now
        opened.add("anna@acme.example", "compliance", password=None)
        yield opened


def away(browser, to="/probe"):
    """Leave for the issuer; give the address one is led to."""
    answer = browser.get(f"/signin/oidc?next={to}", allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def back(browser, issuer, **claims):
    """Go there, sign in, and come back."""
    return browser.get(issuer.arrive(away(browser), **(ANNA | claims)), allow_redirects=False)


def refused(browser, issuer, **claims):
    """Come back in vain: nobody is signed in, and the page says nothing of why."""
    answer = back(browser, issuer, **claims)
    assert answer.status_code == 502, answer.text
    assert "Signing in there did not work" in answer.text
    assert "ombud=;" in answer.headers["set-cookie"] or "ombud=" not in answer.headers["set-cookie"]
    assert browser.known_as is None
    return answer


def test_somebody_on_the_staff_signs_in(home, issuer):
    browser = home.browser()
    assert "Sign in with Acme" in browser.get("/signin").text
    answer = back(browser, issuer)
    assert (answer.status_code, answer.headers["location"]) == (303, "/probe")
    assert browser.get("/probe").json() == {"login": "anna@acme.example", "role": "compliance"}
    assert ("anna@acme.example", "signin", "/signin", "oidc", None) in home.audited()
    # Afterwards the issuer's subject tells, and no address.
    assert back(home.browser(), issuer, email="other@acme.example").status_code == 303
    assert len(home.access.staff()) == 1


def test_what_leaves_is_the_challenge_and_never_what_it_is_of(home, issuer):
    browser = home.browser()
    address = away(browser)
    query = parse_qs(urlsplit(address).query)
    assert set(query) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert query["redirect_uri"] == [f"{home.url}/signin/callback"]
    kept = next(each for each in browser.cookies if each.name == "ombud-away")
    assert kept.has_nonstandard_attr("HttpOnly")
    assert query["state"] != query["nonce"]


def test_nobody_known_is_refused(home, issuer):
    answer = back(home.browser(), issuer, email="eve@acme.example")
    assert answer.status_code == 403
    assert "You are not on the staff here" in answer.text
    assert len(home.access.staff()) == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": int(NOW.timestamp()) - 61},
        {"exp": None},
        {"exp": "never"},
        {"iat": int(NOW.timestamp()) + 61},
        {"iat": None},
        {"nbf": int(NOW.timestamp()) + 61},
        {"sub": None},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_now_and_for_this_sign_in_is_not_taken(home, issuer, claims):
    issuer.claims = claims
    refused(home.browser(), issuer)


@pytest.mark.parametrize(
    "claims", [{"aud": [CLIENT]}, {"aud": [CLIENT, "other"], "azp": CLIENT}, {"exp": int(NOW.timestamp()) - 59}]
)  # fmt: skip
def test_what_the_standard_allows_is_taken(home, issuer, claims):
    issuer.claims = claims
    assert back(home.browser(), issuer).status_code == 303


@pytest.mark.parametrize("way", ["unsigned", "signed_by_public_key", "cut", "swapped", "none"])
def test_a_token_that_the_issuer_did_not_sign_is_not_taken(home, issuer, way):
    issuer.forge = {
        "unsigned": issuer.unsigned,
        "signed_by_public_key": issuer.signed_by_public_key,
        "cut": lambda token: token.rpartition(".")[0] + ".",
        "swapped": lambda token: token[:-8] + "AAAAAAAA",
        "none": lambda _: None,
    }[way]
    refused(home.browser(), issuer)


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_only_what_is_on_the_list_counts_as_signed(home, issuer, algorithm):
    issuer.algorithm = algorithm
    refused(home.browser(), issuer)


@pytest.mark.parametrize("kind", ["RSA", "EC"])
def test_a_new_key_of_the_issuer_is_looked_up(home, issuer, kind):
    assert back(home.browser(), issuer).status_code == 303
    issuer.another_key(kind)
    home.pass_time(minutes=2)
    assert back(home.browser(), issuer).status_code == 303
    assert issuer.asked.count("/keys") == 2


def test_the_keys_are_not_asked_for_again_and_again(home, issuer):
    assert back(home.browser(), issuer).status_code == 303
    issuer.forge = lambda token: token[:-8] + "AAAAAAAA"
    for _ in range(4):
        refused(home.browser(), issuer)
    assert issuer.asked.count("/keys") == 1


class TestComingBack:
    def test_only_the_browser_that_left_comes_back(self, home, issuer):
        address = issuer.arrive(away(home.browser()), **ANNA)
        answer = home.browser().get(address, allow_redirects=False)
        assert answer.status_code == 502
        other = home.browser()
        away(other)
        assert other.get(address, allow_redirects=False).status_code == 502
        assert other.known_as is None

    def test_nobody_comes_back_twice(self, home, issuer):
        browser = home.browser()
        address = issuer.arrive(away(browser), **ANNA)
        assert browser.get(address, allow_redirects=False).status_code == 303
        browser.cookies.clear()
        assert browser.get(address, allow_redirects=False).status_code == 502
        assert browser.known_as is None

    def test_who_was_away_for_long_begins_again(self, home, issuer):
        browser = home.browser()
        address = issuer.arrive(away(browser), **ANNA)
        home.pass_time(minutes=10)
        assert browser.get(address, allow_redirects=False).status_code == 502

    @pytest.mark.parametrize(
        "query", ["", "code=x", "state=x", "error=access_denied", "code=x&state={state}", "error=x&state={state}", "state={state}", "code={code}&state={state}&iss=https://evil.example"]
    )  # fmt: skip
    def test_an_answer_that_is_not_whole_is_not_taken(self, home, issuer, query):
        browser = home.browser()
        whole = parse_qs(urlsplit(issuer.arrive(away(browser), **ANNA)).query)
        told = query.format(code=whole["code"][0], state=whole["state"][0])
        answer = browser.get(f"/signin/callback?{told}", allow_redirects=False)
        assert answer.status_code == 502
        assert browser.known_as is None

    def test_what_the_browser_kept_cannot_be_changed(self, home, issuer):
        browser = home.browser()
        address = issuer.arrive(away(browser), **ANNA)
        kept = browser.cookies["ombud-away"]
        browser.cookies.clear()
        for changed in (kept[:-1] + "x", "e30=." + kept.partition(".")[2], "", "."):
            browser.headers["cookie"] = f"ombud-away={changed}"
            assert browser.get(address, allow_redirects=False).status_code == 502

    def test_nobody_is_led_to_another_site(self, home, issuer):
        browser = home.browser()
        address = issuer.arrive(away(browser, "//evil.example"), **ANNA)
        assert browser.get(address, allow_redirects=False).headers["location"] == "/"

    def test_the_session_is_a_new_one(self, home, issuer):
        browser = home.browser()
        browser.cookies.set("ombud", "planted", domain="127.0.0.1", path="/")
        back(browser, issuer)
        assert "planted" not in browser.cookies.get_dict(path="/").values()


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"jwks_uri": "https://evil.example/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://169.254.169.254/latest"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
    ids=str,
)
def test_nobody_but_the_issuer_is_asked(home, issuer, document):
    issuer.document = document
    answer = home.browser().get("/signin/oidc", allow_redirects=False)
    assert answer.status_code == 502
    assert issuer.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_issuer_that_is_down_or_sends_elsewhere_is_said(home, issuer, status):
    issuer.status = status
    assert home.browser().get("/signin/oidc", allow_redirects=False).status_code == 502
    # It is asked again at the next try.
    issuer.status = 200
    assert back(home.browser(), issuer).status_code == 303


def test_an_issuer_that_is_not_there_is_said(home, issuer):
    told = home.service.settings.dashboard.oidc.model_copy(update={"issuer": "http://127.0.0.1:1"})
    with pytest.raises(Unvouched, match="does not answer"):
        Oidc(told, None, home.service.now).start("http://127.0.0.1/signin/callback", "/")


def test_an_issuer_over_tls_has_nobody_asked_without(home):
    oidc = home.service.settings.dashboard.oidc
    told = oidc.model_copy(update={"issuer": "https://localhost:1", "hosts": ("localhost:2",)})
    asks = Oidc(told, None, home.service.now)
    asks._check("https://localhost:2/keys", "keys")
    for address in ("http://localhost:1/keys", "http://localhost:2/keys", "https://localhost:3/"):
        with pytest.raises(Unvouched, match="is not at localhost:1, localhost:2"):
            asks._check(address, "keys")


def test_people_come_back_to_the_address_of_the_settings_and_never_to_one_they_bring(home, issuer):
    home.service.settings = home.service.settings.model_copy(
        update={"serve": home.service.settings.serve.model_copy(update={"url": None})}
    )
    told = {"host": "evil.example"}
    answer = home.browser().get("/signin/oidc", headers=told, allow_redirects=False)
    assert answer.status_code == 409
    assert "Set [serve] url" in answer.text
    serve = home.service.settings.serve.model_copy(update={"url": "https://ombud.example"})
    home.service.settings = home.service.settings.model_copy(update={"serve": serve})
    address = home.browser().get("/signin/oidc", headers=told, allow_redirects=False).headers["location"]  # fmt: skip
    assert parse_qs(urlsplit(address).query)["redirect_uri"] == ["https://ombud.example/signin/callback"]  # fmt: skip


def test_without_an_issuer_there_is_no_way_there(tmp_path):
    with house(tmp_path) as home:
        home.add()
        assert home.browser().get("/signin/oidc").status_code == 404
        assert home.browser().get("/signin/callback").status_code == 404
        assert "Sign in with" not in home.browser().get("/signin").text
