"""What we ask of Jira's webhooks for apps, against the vendor's own document; it says nothing of an administrator's."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from connectors.jira.hook import JiraHooks
from connectors.jira.site import Site
from connectors.signin import Fixed, bearer
from ombud.model.connector import Interest
from ombud.model.hook import Kept
from ombud.model.instant import DAY, instant
from ombud.sandbox.jira.oauth import _Token
from ombud.settings import Account

pytestmark = pytest.mark.prism


def test_an_app_s_webhooks_are_asked_for_as_documented(prism_proxy, sandbox):
    gateway = sandbox.site.gateway
    until = sandbox.world.clock.now() + timedelta(days=1)
    gateway.tokens["of-an-app"] = _Token(frozenset({"manage:jira-webhook"}), until)
    proxy = prism_proxy(SimpleNamespace(url=f"{sandbox.url}/ex/jira/{gateway.cloud_id}"))
    site = Site(
        "main",
        Account(vendor="jira", url=proxy.url),
        {},
        clock=sandbox.world.clock,
        sleep=lambda _seconds: None,
        on_wait=None,
        authorizer=Fixed(bearer("of-an-app")),
    )
    hooks = JiraHooks(site, Interest(("CMP",)))
    now = instant(sandbox.world.clock.now())
    kept, _ = hooks.install(Kept("p", "", url="https://ombud.example/hooks/p"), kind="dynamic")
    assert kept.until == pytest.approx(now + 30 * DAY, abs=DAY)
    assert all(each.ok for each in hooks.check(kept, now))
    assert hooks.refresh(kept, now).until
    again, _ = hooks.install(kept)
    assert again.ids != kept.ids
    hooks.remove(again)
    assert not any(each.ok for each in hooks.check(again, now))
    asked = {call for call in proxy.calls if "webhook" in call}
    assert {call.split()[0] for call in asked} == {"GET", "POST", "PUT", "DELETE"}
    # A number by the document's schema, a text in its own examples.
    said = [each for each in proxy.violations if not each.place.endswith("expirationDate")]
    assert said == []
