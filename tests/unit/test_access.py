"""Passwords, waiting after failures, roles, and where somebody may be led."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from argon2 import PasswordHasher

from ombud.model.clock import FixedClock
from ombud.model.instant import instant
from ombud.web.dash.guard import local
from ombud.web.dash.viewer import ACTIONS, Viewer
from sync.access_limit import Limit
from sync.access_secrets import Passwords, check_password, digest_of, draw
from sync.persons import Person, Refused
from tests.dash_house import SECRET, Counting

DECIDING = {
    "waive_request", "waive_approve", "dispute_decide", "triage_decide", "action_edit", "document_edit",
    "rollout_change", "kill_switch", "token_make", "report_schedule", "snapshot_make", "survey_import",
}  # fmt: skip
LOOKING = {"read", "export"}


@pytest.fixture
def clock():
    return FixedClock(datetime(2027, 1, 8, 16, tzinfo=UTC))


def viewer(role, scopes=None, groups=()):
    return Viewer(
        "s1", "Anna", "anna", Person("p:1", "Anna"), role, frozenset(groups), ZoneInfo("UTC"),
        None if scopes is None else frozenset(scopes),
    )  # fmt: skip


def allowed(who):
    return {action for action in ACTIONS if who.may(action)}


@pytest.mark.parametrize(
    "role, may",
    [
        ("viewer", LOOKING),
        ("auditor", LOOKING | {"log_read"}),
        ("compliance", LOOKING | {"log_read"} | DECIDING),
        ("admin", LOOKING | {"log_read", "staff_manage"} | DECIDING),
    ],
)
def test_a_role_may_do_what_the_table_says(role, may):
    assert allowed(viewer(role)) == may


def test_what_nobody_could_be_allowed_is_a_mistake():
    with pytest.raises(ValueError, match="'fly' is no action"):
        viewer("admin").may("fly")


@pytest.mark.parametrize(
    "scopes, may",
    [
        ({"read"}, {"read", "log_read"}),
        ({"export"}, {"export"}),
        ({"write"}, DECIDING - {"token_make"}),
        (set(), set()),
    ],
)
def test_a_token_does_what_its_scopes_say_and_never_makes_tokens_or_staff(scopes, may):
    assert allowed(viewer("admin", scopes)) == may
    assert allowed(viewer("viewer", scopes)) == may & LOOKING


def test_restricted_groups_are_seen_by_those_who_have_them():
    plain, fraud, every = viewer("viewer"), viewer("viewer", groups=["fraud"]), viewer("viewer", groups=["*"])  # fmt: skip
    assert [each.sees(None) for each in (plain, fraud, every)] == [True, True, True]
    assert [each.sees("fraud") for each in (plain, fraud, every)] == [False, True, True]
    assert [each.sees("staff") for each in (plain, fraud, every)] == [False, False, True]


def test_the_parameters_are_those_of_argon2id():
    made = Passwords().hash(SECRET)
    assert made.startswith("$argon2id$")
    assert not PasswordHasher().check_needs_rehash(made)


def test_a_password_fits_or_does_not():
    passwords = Passwords(Counting())
    held = passwords.hash(SECRET)
    assert held != passwords.hash(SECRET)
    assert passwords.fits(held, SECRET)
    assert not passwords.fits(held, SECRET + " ")
    assert not passwords.fits("$argon2id$damaged", SECRET)


@pytest.mark.parametrize("password", [SECRET, "", "x" * 100_000, "\N{PILE OF POO}" * 20])
def test_who_is_not_known_costs_as_many_hashes_as_who_is(password):
    hasher = Counting()
    passwords = Passwords(hasher)
    held = passwords.hash(SECRET)
    before = hasher.verified
    passwords.fits(held, password)
    known = hasher.verified - before
    assert not passwords.fits(None, password)
    assert (known, hasher.verified - before) == (1, 2)


@pytest.mark.parametrize(
    "password, why",
    [
        ("elevensigns", "too short"),
        ("x" * 257, "too long"),
        ("password1234", "easy to guess"),
        ("PasswordPassword", "easy to guess"),
        ("aaaaaaaaaaaaaa", "easy to guess"),
        ("anna.example@acme.example", "easy to guess"),
        ("anna.example1234", "easy to guess"),
    ],
)
def test_a_new_password_must_not_be_easy_to_guess(password, why):
    with pytest.raises(Refused, match=why):
        check_password(password, "anna.example@acme.example")


def test_a_sentence_is_a_password():
    check_password("the cat sat on the red mat", "anna")
    check_password("пароль из слов", "anna")


def test_what_is_drawn_cannot_be_guessed_from_what_is_kept():
    one, other = draw(), draw()
    assert one != other
    assert len(one) == 43
    assert one not in digest_of(one)
    assert len(digest_of(one)) == 64


class TestWaiting:
    """Of a login, five tries are free; of anything else the numbers differ, the steps do not."""

    @pytest.fixture
    def limit(self, clock):
        return Limit(5, lambda: instant(clock.now()))

    def test_each_further_failure_doubles_the_wait(self, limit, clock):
        waits = []
        for _ in range(18):
            waits.append(limit.wait("anna"))
            clock.advance(timedelta(seconds=waits[-1]))
            assert limit.begin("anna") == 0
        assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]

    def test_nobody_gets_a_hundred_tries_in_an_hour(self, limit, clock):
        tries = 0
        for _ in range(3600):
            tries += limit.begin("anna") == 0
            clock.advance(timedelta(seconds=1))
        assert tries < 20

    def test_who_waits_does_not_wait_longer_for_trying(self, limit, clock):
        for _ in range(8):
            limit.begin("anna")
            clock.advance(timedelta(seconds=limit.wait("anna")))
        limit.begin("anna")
        wait = limit.wait("anna")
        for _ in range(50):
            assert limit.begin("anna") == wait
        clock.advance(timedelta(seconds=wait))
        assert limit.begin("anna") == 0

    def test_another_name_does_not_wait(self, limit):
        for _ in range(6):
            limit.begin("anna")
        assert limit.wait("anna") > 0
        assert limit.wait("ben") == 0

    def test_success_and_an_hour_forget(self, limit, clock):
        for _ in range(6):
            limit.begin("anna")
            limit.begin("ben")
        limit.clear("anna")
        assert limit.wait("anna") == 0
        clock.advance(timedelta(hours=1))
        assert limit.wait("ben") == 0
        assert limit.begin("ben") == 0

    def test_a_try_that_did_not_fail_is_taken_back(self, limit):
        for _ in range(20):
            assert limit.begin("203.0.113.7") == 0
            limit.undo("203.0.113.7")

    def test_many_at_once_are_counted_before_any_of_them_fails(self, limit):
        let, start = [], threading.Barrier(20)

        def attempt():
            start.wait()
            let.append(limit.begin("anna"))

        threads = [threading.Thread(target=attempt) for _ in range(20)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert let.count(0) == 5


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/complaints?verdict=fail&q=a%2Fb",
        "/complaint/acme/1",
        "/signing",
        "/a//b",
        "/x?next=//y",
    ],
)
def test_a_path_of_ours_is_followed(path):
    assert local(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None, "", "//evil.example", "///evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example", " //evil.example", "/ü", "/\u2028",
        "/signin", "/signin/once?code=x", "/signout", "/setup", "/" + "a" * 5_000, "http:evil.example",
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere_or_in_a_circle(path):
    assert local(path) == "/"
