"""The connector for Jira Cloud: reader and writer behind the one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jira import JIRA

from connectors.errors import HelpdeskError, Kind
from connectors.jira.reader import Reader
from connectors.jira.site import Site
from connectors.jira.writer import Writer
from ombud.model.connector import Check, NativeField, NativeStatus
from ombud.model.event import Nature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import (
        Estimate,
        Gate,
        Interest,
        Manifest,
        Page,
        Reading,
        Receipt,
        Schema,
        Seen,
    )
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.mark import Plan
    from ombud.settings import Account

_NATURES = {
    "option": Nature.choice,
    "option-with-child": Nature.choice,
    "array": Nature.choice,
    "user": Nature.person,
    "date": Nature.moment,
    "datetime": Nature.moment,
    "number": Nature.number,
    "string": Nature.words,
}

#: Jira's own number for the event “Issue Reopened”.
_REOPENED = 7


class Jira:
    """Speak with one Jira Cloud site."""

    def __init__(
        self,
        account: str,
        settings: Account,
        secrets: Mapping[str, str],
        *,
        manifest: Manifest,
        clock: Clock,
        sleep: Callable[[float], None],
        on_wait: Callable[[str, float], None] | None = None,
        authorizer: Authorizer | None = None,
    ) -> None:
        """Prepare the connection; nothing is asked yet."""
        self.account = account
        self.manifest = manifest
        self._site = Site(
            account,
            settings,
            secrets,
            clock=clock,
            sleep=sleep,
            on_wait=on_wait,
            authorizer=authorizer,
        )
        self._reader = Reader(self._site)
        self._writer = Writer(self._site, self._reader)

    @property
    def calls(self) -> Mapping[str, int]:
        """Give the calls made so far, by operation."""
        return self._site.client.calls

    def through(self, gate: Gate) -> None:
        """Have every request pass a gate that others of the account share."""
        self._site.client.gate = gate

    def check(self) -> Sequence[Check]:
        """Test sign-in and each permission with its reason."""
        try:
            me = self._site.me
        except HelpdeskError as error:
            return [Check("Sign-in", ok=False, why=error.detail or str(error), remedy=error.remedy)]
        found = [Check("Sign-in", ok=True, why=f"times in queries are read in {me.zone.key}")]
        asked = ",".join(self.manifest.scopes)
        told = self._site.client.get("/rest/api/3/mypermissions", {"permissions": asked}).json()[
            "permissions"
        ]
        for name, why in self.manifest.scopes.items():
            have = bool((told.get(name) or {}).get("havePermission"))
            found.append(
                Check(
                    name,
                    ok=have,
                    why=why,
                    remedy="" if have else "Grant it in the project's permission scheme",
                )
            )
        return [*found, *self._fires_on_a_reopen()]

    def _fires_on_a_reopen(self) -> list[Check]:
        """Say whom each project mails when an issue is reopened, where we may read that.

        Jira shows a project's notification scheme to those who administer it, and automation rules to nobody.
        """
        what = "What fires on a reopen"
        found = []
        client = self._site.client
        for project in client.get("/rest/api/3/project/search", {"maxResults": 50}).json()[
            "values"
        ]:
            try:
                scheme = client.get(
                    f"/rest/api/3/project/{project['id']}/notificationscheme",
                    {"expand": "all"},
                    operation="GET /rest/api/3/project/{id}/notificationscheme",
                ).json()
            except HelpdeskError as error:
                if error.kind not in {Kind.signin, Kind.permission, Kind.missing}:
                    raise
                continue
            mailed = sorted(
                {
                    str(each["notificationType"])
                    for event in scheme.get("notificationSchemeEvents") or ()
                    if event["event"]["id"] == _REOPENED
                    for each in event["notifications"]
                }
            )
            found.append(
                Check(
                    f"{what} in {project['key']}",
                    ok=True,
                    why=f"“Issue Reopened” is mailed to {', '.join(mailed) or 'nobody'}",
                    remedy="A move back mails them too: look at Project settings > Notifications",
                )
            )
        rest = Check(
            what,
            ok=None,
            why="Jira shows notification schemes to administrators of a project, and automation rules and post-functions to no account",
            remedy="Look at Project settings > Automation and > Notifications for rules on transitions out of done statuses",
        )
        return [*found, rest]

    def list_fields(self) -> Sequence[NativeField]:
        """List the site's fields, with the options of those that have any on the projects' screens."""
        options = self._options()
        found = []
        for told in self._thin().fields():
            kind = (told.get("schema") or {}).get("type", "string")
            found.append(
                NativeField(
                    told["id"],
                    told["name"],
                    _NATURES.get(kind, Nature.choice),
                    options.get(told["id"], {}),
                )
            )
        return found

    def list_statuses(self) -> Sequence[NativeStatus]:
        """List the site's statuses."""
        told = self._site.client.get("/rest/api/3/status").json()
        return [
            NativeStatus(
                str(each["id"]), each["name"], (each.get("statusCategory") or {}).get("key")
            )
            for each in told
        ]

    def estimate(self, cursor: str | None, interest: Interest) -> Estimate:
        """Foretell a sweep."""
        return self._reader.estimate(cursor, interest)

    def changed(self, cursor: str | None, interest: Interest, schema: Schema) -> Iterator[Page]:
        """List issues changed since the cursor."""
        return self._reader.changed(cursor, interest, schema)

    def look(self, refs: Sequence[Ref], schema: Schema) -> Iterator[Seen]:
        """Look at named issues."""
        return self._reader.look(refs, schema)

    def read(self, seen: Sequence[Seen], schema: Schema) -> Iterator[Reading]:
        """Read issues with their whole history."""
        return self._reader.read(seen, schema)

    def act(self, plan: Plan, key: str, now: Callable[[], Instant]) -> Receipt:
        """Carry out a plan and read it back."""
        return self._writer.act(plan, key, now)

    def find(self, ref: Ref, key: str) -> Receipt | None:
        """Find what became of a write."""
        return self._writer.find(ref, key)

    def remove_ours(self, ref: Ref) -> Receipt:
        """Remove all that is ours from an issue."""
        return self._writer.remove_ours(ref)

    def list_ours(self, interest: Interest) -> Iterable[Ref]:
        """List the issues that carry anything of ours."""
        return self._writer.list_ours(interest)

    def _options(self) -> dict[str, dict[str, str]]:
        """Give the options of choices, as an issue of each project shows them on its edit screen."""
        found: dict[str, dict[str, str]] = {}
        answer = self._site.client.send(
            "POST", "/rest/api/3/search/jql",
            {"jql": 'updated >= "1970-01-01 00:00" ORDER BY updated DESC', "fields": ["id"], "maxResults": 1},
            safe=True,
        ).json()  # fmt: skip
        for issue in answer["issues"]:
            told: dict[str, Any] = self._site.client.get(
                f"/rest/api/3/issue/{issue['id']}/editmeta",
                operation="GET /rest/api/3/issue/{id}/editmeta",
            ).json()
            for name, field in told.get("fields", {}).items():
                allowed = field.get("allowedValues") or []
                found[name] = {
                    str(o["id"]): str(o.get("value") or o.get("name")) for o in allowed if "id" in o
                }
        return found

    def _thin(self) -> JIRA:
        """Open the vendor's customary client, which never retries by itself."""
        site = self._site
        return JIRA(
            server=site.client.base,
            max_retries=0,
            get_server_info=False,
            proxies={"http": site.settings.proxy, "https": site.settings.proxy}
            if site.settings.proxy
            else None,
            options={
                "verify": site.settings.ca or True,
                "headers": dict(site.client.signed()),
            },
        )
