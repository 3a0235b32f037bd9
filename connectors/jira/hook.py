"""Install, look after and remove Jira's webhooks: those an administrator makes, and those of an app."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, urlsplit

from connectors.errors import ConfigurationError, HelpdeskError, Kind
from connectors.hooks import PREFIX
from connectors.jira.ear import DYNAMIC, JiraEar
from connectors.jira.site import Site, instant_in
from connectors.signin import CODE
from ombud.model.connector import Check
from ombud.model.instant import DAY, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Interest
    from ombud.model.facts import Instant
    from ombud.model.hook import Kept, Order
    from ombud.settings import Account

    Json = Mapping[str, Any]

ADMIN: Final = "admin"
EVENTS: Final = (
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
)
_ADMIN: Final = "/rest/webhooks/1.0/webhook"
_ONE: Final = f"{_ADMIN}/{{id}}"
_DYNAMIC: Final = "/rest/api/3/webhook"
_SECTION: Final = "issue-related-events-section"
#: A webhook of an app that ends sooner than this is foretold: prolonging it has failed for days.
_SOON: Final = 7 * DAY
#: Jira gives that many of an app's webhooks at a time, and an app may have 5.
_PER_PAGE: Final = 100


class JiraHooks:
    """Look after the webhooks of one site.

    Source: developer.atlassian.com/cloud/jira/platform/webhooks, and api-group-webhooks of REST v3.
    """

    def __init__(self, site: Site, interest: Interest) -> None:
        """Keep the connection; nothing is asked yet."""
        self._site = site
        self._projects = interest.projects
        self._name = f"{PREFIX}{site.account}"

    def install(self, kept: Kept, *, kind: str = "") -> tuple[Kept, Order | None]:
        """Have deliveries sent to `kept.url`, or put right what is there already."""
        kind = kind or kept.kind or self._customary()
        if kind not in {ADMIN, DYNAMIC}:
            raise ConfigurationError(
                f"{self._site.account}: a webhook of kind {kind!r} is not known. Known: {ADMIN}, {DYNAMIC}"
            )
        if kept.kind and kept.kind != kind:
            self.remove(kept)
            kept = replace(kept, ids=(), until=None)
        return (self._by_admin(kept) if kind == ADMIN else self._by_app(kept)), None

    def check(self, kept: Kept, now: Instant) -> Sequence[Check]:
        """Say whether it is there, switched on and points to us."""
        if kept.kind == DYNAMIC:
            return list(self._check_app(kept, now))
        return list(self._check_admin(kept))

    def refresh(self, kept: Kept, now: Instant) -> Kept:  # noqa: ARG002 (Jira counts from its own now)
        """Prolong webhooks of an app, which end after 30 days; others do not."""
        if kept.kind != DYNAMIC or not kept.ids:
            return kept
        return replace(kept, until=self._prolonged(kept.ids))

    def remove(self, kept: Kept) -> Order | None:
        """Remove what was installed."""
        if kept.kind == DYNAMIC:
            self._drop({str(each["id"]) for each in self._of_app() if self._ours(each, kept)})
            return None
        for each in self._of_admin():
            if self._ours(each, kept):
                self._delete(_number(each))
        return None

    def _customary(self) -> str:
        """Give the kind for the way we sign in: tokens of OAuth are an app's, others a person's."""
        return DYNAMIC if self._site.settings.options.get("sign_in") == CODE else ADMIN

    def _filter(self) -> str:
        if not self._projects:
            return ""
        return f"project IN ({', '.join(_quoted(each) for each in self._projects)})"

    def _ours(self, told: Json, kept: Kept) -> bool:
        """Tell ours from others': by the number we kept, else by its name and where it points to."""
        if _number(told) in kept.ids:
            return True
        named = str(told.get("name") or self._name) == self._name
        return named and _origin(str(told.get("url"))) == _origin(kept.url) and bool(kept.url)

    # Webhooks that an administrator makes.

    def _of_admin(self) -> list[Json]:
        return cast("list[Json]", self._site.client.get(_ADMIN).json())

    def _by_admin(self, kept: Kept) -> Kept:
        wanted = {
            "name": self._name,
            "url": kept.url,
            "events": list(EVENTS),
            "filters": {_SECTION: self._filter()},
            # Without a body there is nothing that names the issue, and nothing to sign.
            "excludeBody": False,
            "secret": kept.secret,
            "enabled": True,
        }
        there = [each for each in self._of_admin() if self._ours(each, kept)]
        if there:
            number = _number(there[0])
            path = f"{_ADMIN}/{quote(number, safe='')}"
            told = self._site.client.send("PUT", path, wanted, operation=f"PUT {_ONE}").json()
        else:
            told = self._site.client.send("POST", _ADMIN, wanted).json()
            number = _number(told)
        for each in there[1:]:
            self._delete(_number(each))
        if told.get("isSigned") is not True:
            self._delete(number)
            raise HelpdeskError(
                Kind.refused,
                self._site.account,
                f"POST {_ADMIN}",
                detail="the site would not sign what it sends, so the webhook was taken away again",
                remedy="Webhooks are signed by Jira Cloud; without one, the sweep does the work",
            )
        return replace(kept, kind=ADMIN, ids=(number,), until=None)

    def _check_admin(self, kept: Kept) -> Iterator[Check]:
        name, again = "Webhook", f"Run: ombud hooks install {self._site.account}"
        there = [each for each in self._of_admin() if _number(each) in kept.ids]
        if not there:
            yield Check(name, ok=False, why="it is not at the site any more", remedy=again)
            return
        told = there[0]
        on = told.get("enabled") is not False
        yield Check(
            name,
            ok=on,
            why="is switched on" if on else "somebody has switched it off",
            remedy=""
            if on
            else "Switch it on under System > WebHooks, or run: ombud hooks install",
        )
        filters = told.get("filters") or {}
        for what, held in (
            ("points to us", told.get("url") == kept.url),
            ("is signed", told.get("isSigned") is True),
            ("carries a body", told.get("excludeBody") is not True),
            ("tells of every event", set(EVENTS) <= set(told.get("events") or ())),
            (
                "tells of every project bound",
                str(filters.get(_SECTION) or "") in {"", self._filter()},
            ),
        ):
            yield _changed(name, what, again, held=held)

    def _delete(self, number: str) -> None:
        path = f"{_ADMIN}/{quote(number, safe='')}"
        try:
            self._site.client.send("DELETE", path, operation=f"DELETE {_ONE}")
        except HelpdeskError as error:
            if error.kind is not Kind.missing:
                raise

    # Webhooks of an app, which nobody signs and which end.

    def _of_app(self) -> list[Json]:
        """Give the webhooks of our app; Jira shows an app its own only."""
        params = {"maxResults": _PER_PAGE}
        return cast("list[Json]", self._site.client.get(_DYNAMIC, params).json()["values"])

    def _by_app(self, kept: Kept) -> Kept:
        if not self._projects:
            raise ConfigurationError(
                f"{self._site.account}: an app's webhook must name projects. Name `project` in the scope of every binding, or install one of kind {ADMIN}"
            )
        former = {str(each["id"]) for each in self._of_app() if self._ours(each, kept)}
        wanted = [{"jqlFilter": self._filter(), "events": list(EVENTS)}]
        results = self._site.client.send(
            "POST", _DYNAMIC, {"url": kept.url, "webhooks": wanted}
        ).json()["webhookRegistrationResult"]
        # What failed comes with 200 too.
        failed = [str(text) for each in results for text in each.get("errors") or ()]
        made = [str(each["createdWebhookId"]) for each in results if "createdWebhookId" in each]
        if failed or not made:
            self._drop(set(made))
            raise HelpdeskError(
                Kind.refused,
                self._site.account,
                f"POST {_DYNAMIC}",
                detail="; ".join(failed)[:500] or "no webhook was made",
                remedy="See what Jira says; an app has five webhooks for each person and site",
            )
        self._drop(former - set(made))
        ids = tuple(made)
        return replace(kept, kind=DYNAMIC, ids=ids, secret="", until=self._prolonged(ids))

    def _check_app(self, kept: Kept, now: Instant) -> Iterator[Check]:
        name, again = "Webhook", f"Run: ombud hooks install {self._site.account}"
        there = {str(each["id"]): each for each in self._of_app()}
        missing = [each for each in kept.ids if each not in there]
        if missing or not kept.ids:
            yield Check(name, ok=False, why="it is not at the site any more", remedy=again)
            return
        yield Check(
            name, ok=True, why="is there; Jira signs none of an app: its address is its secret"
        )
        for told in (there[each] for each in kept.ids):
            yield _changed(
                name,
                "points to us",
                again,
                held=told.get("url") in {None, kept.url},
            )
            until = told.get("expirationDate")
            if until is not None:
                yield _ends(name, instant_in(until), now, again)
                break

    def _prolonged(self, ids: Sequence[str]) -> Instant:
        told = self._site.client.send(
            "PUT", f"{_DYNAMIC}/refresh", {"webhookIds": [int(each) for each in ids]}, safe=True
        ).json()
        return instant_in(told["expirationDate"])

    def _drop(self, ids: set[str]) -> None:
        if ids:
            body = {"webhookIds": sorted(int(each) for each in ids)}
            self._site.client.send("DELETE", _DYNAMIC, body)


def _changed(name: str, what: str, again: str, *, held: bool) -> Check:
    why = what if held else f"somebody has changed it: it no longer {what}"
    return Check(f"{name} {what}", ok=held, why=why, remedy="" if held else again)


def _ends(name: str, until: Instant, now: Instant, again: str) -> Check:
    day = f"{moment(until):%Y-%m-%d}"
    if now >= until:
        return Check(f"{name} ends", ok=False, why=f"ended on {day}", remedy=again)
    if until - now < _SOON:
        why = f"ends on {day}; `ombud serve` should have prolonged it"
        return Check(f"{name} ends", ok=False, why=why, remedy=again)
    return Check(f"{name} ends", ok=True, why=f"on {day}; `ombud serve` prolongs it before")


def _number(told: Json) -> str:
    """Give a webhook's number; one that an administrator made bears it in its address alone."""
    found = told.get("id")
    return str(found) if found is not None else str(told.get("self")).rpartition("/")[2]


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _quoted(text: str) -> str:
    """Quote a text for JQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def ear(account: str, vendor: str, kept: Kept) -> JiraEar:
    """Open what reads an account's deliveries."""
    return JiraEar(account, vendor, kept)


def hooks(
    account: str,
    settings: Account,
    secrets: Mapping[str, str],
    *,
    interest: Interest,
    clock: Clock,
    sleep: Callable[[float], None],
    on_wait: Callable[[str, float], None] | None = None,
    authorizer: Authorizer | None = None,
) -> JiraHooks:
    """Open what looks after an account's webhooks."""
    site = Site(
        account,
        settings,
        secrets,
        clock=clock,
        sleep=sleep,
        on_wait=on_wait,
        authorizer=authorizer,
    )
    return JiraHooks(site, interest)
