"""Install, look after and remove Zendesk's webhook: one of our own, that subscribes to what happens to tickets."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from connectors.errors import HelpdeskError, Kind
from connectors.hooks import PREFIX
from connectors.zendesk.ear import TEST_SECRET, ZendeskEar
from connectors.zendesk.site import Site
from ombud.model.connector import Check
from ombud.model.instant import HOUR, instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Interest
    from ombud.model.facts import Instant
    from ombud.model.hook import Kept, Order
    from ombud.settings import Account

    Json = Mapping[str, Any]

EVENT: Final = "event"
#: There is no word for every event of tickets: each is named.
SUBSCRIPTIONS: Final = tuple(
    f"zen:event-type:ticket.{event}"
    for event in (
        "agent_assignment_changed",
        "comment_added",
        "comment_made_private",
        "comment_redacted",
        "created",
        "custom_field_changed",
        "custom_status_changed",
        "description_changed",
        "form_changed",
        "group_assignment_changed",
        "marked_as_spam",
        "merged",
        "organization_changed",
        "permanently_deleted",
        "priority_changed",
        "requester_changed",
        "soft_deleted",
        "status_changed",
        "subject_changed",
        "tags_changed",
        "type_changed",
        "undeleted",
    )
)
_ALL: Final = "/api/v2/webhooks"
_ONE: Final = f"{_ALL}/{{id}}"
_MOST_PAGES: Final = 100
#: Deliveries of the last hour tell whether they fail now.
_LATELY: Final = HOUR
#: What Zendesk calls a delivery that is not over yet.
_UNDER_WAY: Final = frozenset({"pending", "in_progress", "active", "retrying", "throttled"})


class ZendeskHooks:
    """Look after the webhook of one account.

    Source: developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks.
    """

    def __init__(self, site: Site) -> None:
        """Keep the connection; nothing is asked yet."""
        self._site = site
        self._name = f"{PREFIX}{site.account}"

    def install(self, kept: Kept, *, kind: str = "") -> tuple[Kept, Order | None]:  # noqa: ARG002 (there is one kind)
        """Have deliveries sent to `kept.url`, or put right what is there already."""
        client = self._site.client
        wanted = {
            "webhook": {
                "name": self._name,
                "description": "Tells Ombud which ticket to look at",
                "endpoint": kept.url,
                "http_method": "POST",
                "request_format": "json",
                "status": "active",
                "subscriptions": list(SUBSCRIPTIONS),
            }
        }
        there = [each for each in self._listed() if self._ours(each, kept)]
        # One that a trigger uses cannot be made one that subscribes.
        usable = [each for each in there if _subscribes(each)]
        if usable:
            number = str(usable[0]["id"])
            client.send("PUT", self._path(number), wanted, operation=f"PUT {_ONE}")
        else:
            number = str(client.send("POST", _ALL, wanted).json()["webhook"]["id"])
        for each in there:
            if str(each["id"]) != number:
                self._delete(str(each["id"]))
        operation = f"GET {_ONE}/signing_secret"
        told = client.get(f"{self._path(number)}/signing_secret", operation=operation).json()
        secret = told["signing_secret"]
        if not secret.get("secret") or secret["secret"] == TEST_SECRET:
            self._delete(number)
            raise HelpdeskError(
                Kind.refused,
                self._site.account,
                operation,
                detail="the secret is the one that Zendesk prints for tests, so the webhook was taken away again",
                remedy="Reset the signing secret in Admin Center > Webhooks, and run it again",
            )
        return replace(kept, kind=EVENT, ids=(number,), secret=str(secret["secret"])), None

    def check(self, kept: Kept, now: Instant) -> Sequence[Check]:
        """Say whether it is there, active, points to us, and has not failed lately."""
        return list(self._checked(kept, now))

    def refresh(self, kept: Kept, now: Instant) -> Kept:  # noqa: ARG002 (part of the protocol)
        """Change nothing: Zendesk's webhooks do not expire."""
        return kept

    def remove(self, kept: Kept) -> Order | None:
        """Remove what was installed."""
        for each in self._listed():
            if self._ours(each, kept):
                self._delete(str(each["id"]))
        return None

    def _checked(self, kept: Kept, now: Instant) -> Iterator[Check]:
        name, again = "Webhook", f"Run: ombud hooks install {self._site.account}"
        number = kept.ids[0] if kept.ids else ""
        try:
            told = self._site.client.get(self._path(number), operation=f"GET {_ONE}").json()
        except HelpdeskError as error:
            if error.kind is not Kind.missing:
                raise
            told = {}
        hook = told.get("webhook")
        if not number or hook is None:
            yield Check(name, ok=False, why="it is not at the account any more", remedy=again)
            return
        active = hook.get("status") == "active"
        yield Check(
            name,
            ok=active,
            why="is active" if active else f"is {hook.get('status')}: somebody switched it off",
            remedy=""
            if active
            else "Activate it in Admin Center > Webhooks, or run: ombud hooks install",
        )
        for what, held in (
            ("points to us", hook.get("endpoint") == kept.url),
            ("tells of every event", set(SUBSCRIPTIONS) <= set(hook.get("subscriptions") or ())),
        ):
            why = what if held else f"somebody has changed it: it no longer {what}"
            yield Check(f"{name} {what}", ok=held, why=why, remedy="" if held else again)
        yield self._lately(number, now)

    def _lately(self, number: str, now: Instant) -> Check:
        """Say how the deliveries of the last hour ended; after too many failures Zendesk pauses, and what it holds back is lost."""
        name, operation = "Webhook delivers", f"GET {_ONE}/invocations"
        told = self._site.client.get(f"{self._path(number)}/invocations", operation=operation)
        rows = [
            each for each in told.json().get("invocations") or () if now - _ended(each) <= _LATELY
        ]
        failed = [each for each in rows if not _fine(each)]
        if not rows:
            return Check(name, ok=None, why="nothing was sent within the last hour")
        if not failed:
            return Check(name, ok=True, why=f"the last {len(rows)} arrived")
        broken = any("circuit" in str(each.get("status")) for each in failed)
        last = failed[0].get("status_code") or failed[0].get("status")
        why = f"{len(failed)} of the last {len(rows)} did not arrive (the last: {last})"
        if broken:
            why += "; Zendesk has paused it, and what happens meanwhile is lost to it"
        # One that failed among many that arrived is made good by the sweep.
        ok = False if broken or not _fine(rows[0]) else None
        remedy = "Look whether `ombud serve` runs and can be reached; the sweep finds what was lost"
        return Check(name, ok=ok, why=why, remedy=remedy)

    def _listed(self) -> Iterator[Json]:
        params: dict[str, object] = {"filter[name_contains]": PREFIX.strip(), "page[size]": 100}
        for _ in range(_MOST_PAGES):
            told = self._site.client.get(_ALL, params).json()
            yield from told["webhooks"]
            meta = told.get("meta") or {}
            if not meta.get("has_more"):
                return
            params["page[after]"] = meta["after_cursor"]

    def _ours(self, told: Json, kept: Kept) -> bool:
        """Tell ours from others': by the id we kept, else by its name and where it points to."""
        if str(told["id"]) in kept.ids:
            return True
        ours, theirs = urlsplit(kept.url), urlsplit(str(told.get("endpoint")))
        same = bool(kept.url) and (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
        return told.get("name") == self._name and same

    def _delete(self, number: str) -> None:
        try:
            self._site.client.send("DELETE", self._path(number), operation=f"DELETE {_ONE}")
        except HelpdeskError as error:
            if error.kind is not Kind.missing:
                raise

    def _path(self, number: str) -> str:
        return f"{_ALL}/{quote(number, safe='')}"


def _subscribes(told: Json) -> bool:
    return "conditional_ticket_events" not in (told.get("subscriptions") or ())


def _fine(told: Json) -> bool:
    return told.get("status") in {"success", "successful", *_UNDER_WAY}


def _ended(told: Json) -> Instant:
    return instant(datetime.fromisoformat(str(told["latest_completed_at"])))


def ear(account: str, vendor: str, kept: Kept) -> ZendeskEar:
    """Open what reads an account's deliveries."""
    return ZendeskEar(account, vendor, kept)


def hooks(
    account: str,
    settings: Account,
    secrets: Mapping[str, str],
    *,
    interest: Interest,  # noqa: ARG001 (Zendesk tells of every ticket or of none)
    clock: Clock,
    sleep: Callable[[float], None],
    on_wait: Callable[[str, float], None] | None = None,
    authorizer: Authorizer | None = None,
) -> ZendeskHooks:
    """Open what looks after an account's webhook."""
    site = Site(
        account,
        settings,
        secrets,
        clock=clock,
        sleep=sleep,
        on_wait=on_wait,
        authorizer=authorizer,
    )
    return ZendeskHooks(site)
