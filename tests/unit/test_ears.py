"""What helpdesks tell is believed only where it is signed, fresh and readable, and then only as a ticket's number."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ear import keyed, verify
from connectors.hooks import open_ear
from connectors.zendesk.ear import TEST_SECRET
from ombud.model.event import Ref
from ombud.model.hook import Kept, Unheard, headers_of
from ombud.model.instant import HOUR, MINUTE, SECOND, instant, iso

NOW = instant(datetime(2026, 11, 25, 12, 0, tzinfo=UTC))
SECRET = "It's a Secret to Everybody"
VENDORS = ("jira", "zendesk", "rt")


def ear(vendor, secret=SECRET, kind="admin"):
    return open_ear("desk", vendor, Kept("path", secret, kind=kind))


def jira(body, secret=SECRET):
    return {"x-hub-signature": f"sha256={keyed(secret, body).hex()}"}


def zendesk(body, at=NOW, secret=SECRET):
    sent = iso(at)
    signature = base64.b64encode(keyed(secret, sent.encode(), body)).decode()
    return {
        "x-zendesk-webhook-signature": signature,
        "x-zendesk-webhook-signature-timestamp": sent,
        "x-zendesk-webhook-invocation-id": "01HANA2B5D5W9XSJS3NE5SQA1J",
    }


def rt(body, at=NOW, secret=SECRET):
    sent = str(at // SECOND)
    signature = keyed(secret, sent.encode(), b".", body).hex()
    return {"x-ombud-timestamp": sent, "x-ombud-signature": f"sha256={signature}"}


SIGN = {"jira": jira, "zendesk": zendesk, "rt": rt}


def said(vendor, at=NOW, **changes):
    """Give a body of each vendor's that tells of ticket 4711."""
    told = {
        "jira": {
            "timestamp": at // 1000,
            "webhookEvent": "jira:issue_updated",
            "issue": {"id": "4711", "key": "CMP-1"},
        },
        "zendesk": {
            "id": "d4f5c389",
            "type": "zen:event-type:ticket.status_changed",
            "detail": {"id": "4711"},
        },
        "rt": {"ticket": 4711, "transaction": 60},
    }[vendor]
    return json.dumps(told | changes).encode()


def refused(vendor, headers, body, *, now=NOW, **kept):
    with pytest.raises(Unheard) as told:
        ear(vendor, **kept).hear(headers, body, now)
    return told.value.reason


def test_the_vendor_s_example_is_verified():
    # developer.atlassian.com/cloud/jira/platform/webhooks
    told = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    verify(SECRET, bytes.fromhex(told), b"Hello World!")
    assert refused("jira", {"x-hub-signature": f"sha256={told}"}, b"Hello World!") == "malformed", (
        "signed, and no JSON"
    )


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_signed_names_a_ticket(vendor):
    body = said(vendor)
    heard = ear(vendor).hear(SIGN[vendor](body), body, NOW)
    assert heard.refs == (Ref("desk", vendor, "4711"),)
    assert heard.delivery


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_not_signed_by_our_secret_is_refused(vendor):
    body = said(vendor)
    headers = SIGN[vendor](body)
    assert refused(vendor, {}, body) == "unsigned"
    assert refused(vendor, SIGN[vendor](body, secret="another"), body) == "forged"
    assert refused(vendor, headers, body + b" ") == "forged"
    assert refused(vendor, headers, b"") == "forged"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("kind", ["admin", "event", "scrip", ""])
def test_an_empty_secret_lets_nobody_in(vendor, kind):
    body = said(vendor)
    headers = SIGN[vendor](body, secret="")
    assert refused(vendor, headers, body, secret="", kind=kind) == "unsigned"


def test_the_secret_that_zendesk_prints_for_tests_lets_nobody_in():
    body = said("zendesk")
    headers = zendesk(body, secret=TEST_SECRET)
    assert refused("zendesk", headers, body, secret=TEST_SECRET) == "unsigned"


@pytest.mark.parametrize(
    "told",
    [
        "", "sha256", "sha256=", "sha1={}", "SHA256={}", "sha512={}", "{}", " sha256={}", "sha256={} ", "sha256={}, sha256={}",
        "sha256=é", "sha256={0}{0}",
    ],
)  # fmt: skip
def test_jira_s_signature_has_one_form(told):
    body = said("jira")
    digest = keyed(SECRET, body).hex()
    assert refused("jira", {"x-hub-signature": told.format(digest, digest)}, body) == "forged"


def test_a_header_that_stands_twice_holds_for_nothing():
    for vendor in VENDORS:
        body = said(vendor)
        good = [(name.title().encode(), told.encode()) for name, told in SIGN[vendor](body).items()]
        assert ear(vendor).hear(headers_of(good), body, NOW).refs
        for twice in range(len(good) - (vendor == "zendesk")):
            headers = headers_of([*good, good[twice]])
            assert refused(vendor, headers, body) == "forged"


@pytest.mark.parametrize(
    "vendor, ahead, fine",
    [
        ("jira", -2 * HOUR, True),
        ("jira", -2 * HOUR - SECOND, False),
        ("jira", 5 * MINUTE, True),
        ("jira", 5 * MINUTE + SECOND, False),
        ("zendesk", -5 * MINUTE, True),
        ("zendesk", -5 * MINUTE - SECOND, False),
        ("zendesk", 5 * MINUTE, True),
        ("zendesk", 5 * MINUTE + SECOND, False),
        ("rt", -5 * MINUTE, True),
        ("rt", -5 * MINUTE - SECOND, False),
        ("rt", 5 * MINUTE, True),
        ("rt", 5 * MINUTE + SECOND, False),
    ],
)
def test_what_was_signed_long_ago_or_is_yet_to_come_is_stale(vendor, ahead, fine):
    body = said(vendor, NOW + ahead)
    headers = jira(body) if vendor == "jira" else SIGN[vendor](body, NOW + ahead)
    if fine:
        assert ear(vendor).hear(headers, body, NOW).refs
    else:
        assert refused(vendor, headers, body) == "stale"


@pytest.mark.parametrize("told", [0, -1, 10**18, 2**63 - 1, "now", None, True, 1e300, [], {}])
def test_ancient_and_impossible_times_of_jira_are_refused(told):
    body = said("jira", timestamp=told)
    assert refused("jira", jira(body), body) in {"stale", "malformed"}


@pytest.mark.parametrize(
    "told", ["", "now", "2026-11-25T12:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "１２"]
)  # fmt: skip
def test_times_that_zendesk_does_not_write_are_refused(told):
    body = said("zendesk")
    signature = base64.b64encode(keyed(SECRET, told.encode("ascii", "replace"), body)).decode()
    headers = {
        "x-zendesk-webhook-signature": signature,
        "x-zendesk-webhook-signature-timestamp": told,
    }
    assert refused("zendesk", headers, body) in {"stale", "malformed"}


def test_a_signed_delivery_played_back_under_another_name_is_the_same():
    body = said("jira")
    first = ear("jira").hear(jira(body) | {"x-atlassian-webhook-identifier": "a"}, body, NOW)
    again = ear("jira").hear(jira(body) | {"x-atlassian-webhook-identifier": "b"}, body, NOW)
    assert first == again
    body = said("zendesk")
    first = ear("zendesk").hear(zendesk(body), body, NOW)
    other = zendesk(body, NOW + SECOND) | {"x-zendesk-webhook-invocation-id": "other"}
    assert ear("zendesk").hear(other, body, NOW) == first
    for name in ("", 7, None, "x" * 300):
        body = said("zendesk", id=name)
        renamed = zendesk(body) | {"x-zendesk-webhook-invocation-id": "other"}
        first = ear("zendesk").hear(zendesk(body), body, NOW)
        assert ear("zendesk").hear(renamed, body, NOW) == first


def test_an_app_s_webhook_is_unsigned_and_named_by_jira():
    body = said("jira")
    hear = ear("jira", secret="", kind="dynamic").hear
    assert hear({"x-atlassian-webhook-identifier": "abc"}, body, NOW).delivery == "abc"
    assert hear({}, body, NOW) == hear({}, body, NOW)
    assert len(hear({"x-atlassian-webhook-identifier": "x" * 999}, body, NOW).delivery) < 100
    stale = said("jira", NOW - 3 * HOUR)
    assert refused("jira", {}, stale, secret="", kind="dynamic") == "stale"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"7", b'"x"', b"{", b"{}x", b"\xff\xfe", b'{"a": NaN}', b"\x00", b'{"a":"\\ud800"}',
        b"[" * 1_000_000, b'{"issue":' * 200_000, b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    ],
    ids=lambda body: f"{len(body)}-{body[:9]!r}",
)  # fmt: skip
def test_bodies_that_say_nothing_are_refused_cheaply(vendor, body):
    headers = SIGN[vendor](body)
    if vendor == "zendesk" and not body:
        assert ear(vendor).hear(headers, body, NOW).refs == (), "a test of the connection"
        return
    assert refused(vendor, headers, body) == "malformed"
    if vendor == "jira":
        assert refused("jira", {}, body, secret="", kind="dynamic") == "malformed"


WRONG = [None, True, 1.5, -1, "", " ", "-1", "1e3", "٣", "CMP-1", "../../x", "9" * 21, 10**30, [], {}, ["4711"]]  # fmt: skip


@pytest.mark.parametrize("told", WRONG, ids=repr)
def test_what_is_no_ticket_s_number_is_refused(told):
    for vendor, part, name in (
        ("jira", {"issue": {"id": told}}, "issue"),
        ("zendesk", {"detail": {"id": told}}, "detail"),
        ("rt", {"ticket": told}, "ticket"),
    ):
        body = said(vendor, **part)
        assert refused(vendor, SIGN[vendor](body), body) == "malformed", name


@pytest.mark.parametrize("told", [7, "x", [], True, ["id"]], ids=repr)
def test_parts_of_another_type_are_refused(told):
    for vendor, name in (("jira", "issue"), ("zendesk", "detail"), ("rt", "transaction")):
        if vendor == "rt" and told == 7:
            continue
        body = said(vendor, **{name: told})
        assert refused(vendor, SIGN[vendor](body), body) == "malformed"
    body = said("jira", webhookEvent=told if told != "x" else None)
    assert refused("jira", jira(body), body) == "malformed"


@pytest.mark.parametrize(
    "vendor, changes",
    [
        ("jira", {"webhookEvent": "jira:worklog_updated"}),
        ("jira", {"webhookEvent": "user_created", "issue": None}),
        ("zendesk", {"type": "zen:event-type:user.deleted"}),
        ("zendesk", {"type": "zen:event-type:ticketish.created", "detail": 7}),
        ("zendesk", {"type": None}),
    ],
)
def test_what_is_said_of_something_else_names_no_ticket(vendor, changes):
    body = said(vendor, **changes)
    assert ear(vendor).hear(SIGN[vendor](body), body, NOW).refs == ()


def test_a_comment_without_its_issue_names_it_in_its_address():
    address = "https://jira.example/rest/api/2/issue/10013/comment/10082"
    body = said("jira", webhookEvent="comment_created", issue=None, comment={"self": address})
    assert ear("jira").hear(jira(body), body, NOW).refs == (Ref("desk", "jira", "10013"),)
    for wrong in (None, "", 7, "https://jira.example/issue/x/comment/1"):
        body = said("jira", webhookEvent="comment_created", issue=None, comment={"self": wrong})
        assert refused("jira", jira(body), body) == "malformed"


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "self", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(
    vendor=st.sampled_from(VENDORS),
    changes=st.dictionaries(
        st.sampled_from(
            [
                "timestamp",
                "webhookEvent",
                "issue",
                "comment",
                "id",
                "type",
                "detail",
                "ticket",
                "transaction",
            ]
        ),
        _json,
    ),
)
def test_whatever_a_body_holds_it_names_a_ticket_of_the_account_or_is_refused(vendor, changes):
    try:
        body = said(vendor, **changes)
        heard = ear(vendor).hear(SIGN[vendor](body), body, NOW)
    except (Unheard, UnicodeEncodeError):
        return
    assert heard.delivery
    assert all(ref.account == "desk" and ref.id.isdigit() for ref in heard.refs)


@given(
    headers=st.dictionaries(
        st.sampled_from(sorted({*jira(b""), *zendesk(b""), *rt(b"")})), st.text(max_size=80)
    )
)
def test_whatever_the_headers_hold_nobody_gets_in_without_the_secret(headers):  # fmt: skip
    for vendor in VENDORS:
        assert refused(vendor, headers, said(vendor)) in {"unsigned", "forged"}


def test_what_is_kept_goes_through_a_text_and_shows_nothing_secret():
    kept = Kept("secret-path", "secret-word", ("1",), "https://o.example/hooks/secret-path", "dynamic", NOW)  # fmt: skip
    assert Kept.read(kept.as_text()) == kept
    assert "secret" not in repr(kept)


# Recorded deliveries.


def test_every_recorded_delivery_of_jira_names_its_issue(shared):
    files = sorted((shared / "fixtures" / "jira").glob("mm-webhook-*.json"))
    assert len(files) == 16
    for file in files:
        body = file.read_bytes()
        told = json.loads(body)
        heard = ear("jira").hear(jira(body), body, told["timestamp"] * 1000 + 30 * MINUTE)
        issue = told["issue"]["id"] if "issue" in told else "10013"
        assert heard.refs == (Ref("desk", "jira", issue),), file.name


def test_every_recorded_delivery_of_zendesk_is_what_it_is(shared):
    folder = shared / "fixtures" / "zendesk"
    for name in ("webhook_ticket_comment_added", "webhook_ticket_status_changed"):
        body = (folder / f"{name}.json").read_bytes()
        heard = ear("zendesk").hear(zendesk(body), body, NOW)
        assert heard.refs == (Ref("desk", "zendesk", "5158"),)
        assert heard.delivery == json.loads(body)["id"]
    exchanges = json.loads((folder / "webhook_invocation_attempts.json").read_text("utf-8"))
    attempt = exchanges[2]["response"]["body"]["attempts"][0]["request"]
    headers = {each["key"].lower(): each["value"] for each in attempt["headers"]}
    body = attempt["payload"].encode()
    # Signed at the time by a secret that was not recorded.
    assert refused("zendesk", headers, body) == "forged"
    heard = ear("zendesk").hear(zendesk(body), body, NOW)
    assert (heard.refs, heard.delivery) == ((), "b3695d61-2ef4-4e9c-97af-1f065c099564")
