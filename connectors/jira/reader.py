"""Read a Jira site: what changed, and each issue's whole history, in as few calls as Jira allows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import HelpdeskError, Kind
from connectors.jira.history import facets_of, read_issue
from connectors.jira.site import PROPERTY, instant_in
from ombud.model.connector import Estimate, Gone, Interest, Page, Reading, Seen
from ombud.model.event import Ref
from ombud.model.instant import MINUTE, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.jira.site import Site
    from ombud.model.connector import Schema
    from ombud.model.facts import Instant

    Json = Mapping[str, Any]

#: Issues asked for at a time; Jira may give fewer.
PAGE: Final = 100
#: Issues handed on at a time: their long histories are fetched with one call.
TOGETHER: Final = 200
#: The index lags behind: what changed so long before the last sweep is looked at again.
OVERLAP: Final = 10 * MINUTE
#: Histories of one issue that a search embeds at most; with fewer, and all of them there, they are whole.
EMBEDDED: Final = 40
#: Histories asked for at a time, over many issues.
HISTORIES: Final = 1000
#: Empty pages with a token, one after the other, before we stop believing them.
_EMPTY_PAGES: Final = 5
_ALWAYS: Final = (
    "status", "project", "issuetype", "labels", "created", "updated", "creator", "reporter", "assignee", "comment",
)  # fmt: skip


@dataclass(slots=True)
class Reader:
    """Read one site."""

    site: Site

    def changed(self, cursor: str | None, interest: Interest, schema: Schema) -> Iterator[Page]:
        """List issues changed since the cursor, oldest change first, with what `read` needs of them.

        Of a project that is hidden from us nothing is listed; the night's census tells of it.
        """
        self.site.forget_me()
        since: Instant | None = json.loads(cursor)["since"] if cursor else None
        told: set[tuple[str, str]] = set()
        token: str | None = None
        tokens: set[str] = set()
        empty = 0
        jql = self._jql(since, interest)
        held: list[Seen] = []
        whole = True
        while True:
            try:
                answer = self._search(jql, schema, token)
            except HelpdeskError as error:
                if error.status != 400:
                    raise
                if token is None:
                    # A project that is hidden from us is as if it did not exist: the others are swept all the same.
                    shown = self._shown(interest) if whole else interest
                    if not whole or shown == interest or not shown.projects:
                        raise
                    interest, whole = shown, False
                # The token has expired, and belongs to its query: begin again at the watermark.
                token, tokens, jql = None, set(), self._jql(since, interest)
                continue
            issues = [
                each for each in answer["issues"] if (each["id"], revision_of(each)) not in told
            ]
            told.update((each["id"], revision_of(each)) for each in issues)
            if issues:
                since = max(since or 0, *(instant_in(each["fields"]["updated"]) for each in issues))
                empty = 0
            elif not answer["issues"]:
                empty += 1
            held += [self._seen(each) for each in issues]
            token = answer.get("nextPageToken")
            last = not token or answer.get("isLast") is True
            if last or len(held) >= TOGETHER:
                yield Page(tuple(held), json.dumps({"since": since}))
                held = []
            if last:
                return
            if token in tokens or empty >= _EMPTY_PAGES:
                raise HelpdeskError(
                    Kind.broken,
                    self.site.account,
                    "POST /rest/api/3/search/jql",
                    detail="the search goes round in circles",
                    remedy="It is tried again from where it stands",
                )
            tokens.add(str(token))

    def _shown(self, interest: Interest) -> Interest:
        """Leave out the projects that Jira says do not exist: they are gone, or hidden from us."""
        shown = []
        for name in interest.projects:
            body = {"jql": within(Interest((name,))), "fields": ["id"], "maxResults": 1}
            try:
                self.site.client.send("POST", "/rest/api/3/search/jql", body, safe=True)
            except HelpdeskError as error:
                if error.status != 400:
                    raise
            else:
                shown.append(name)
        return Interest(tuple(shown))

    def look(self, refs: Sequence[Ref], schema: Schema) -> Iterator[Seen]:
        """Look at named issues, past the search index."""
        for start in range(0, len(refs), PAGE):
            body = {
                "issueIdsOrKeys": [ref.id for ref in refs[start : start + PAGE]],
                "fields": self._fields(schema),
                "expand": ["changelog"],
                "properties": [PROPERTY],
            }
            answer = self.site.client.send(
                "POST",
                "/rest/api/3/issue/bulkfetch",
                body,
                operation="POST /rest/api/3/issue/bulkfetch",
                safe=True,
            ).json()
            yield from (self._seen(each) for each in answer["issues"])

    def estimate(self, cursor: str | None, interest: Interest) -> Estimate:
        """Foretell a sweep: Jira counts approximately; three calls for each hundred issues."""
        since = json.loads(cursor)["since"] if cursor else None
        try:
            count = self._count(since, interest)
        except HelpdeskError as error:
            shown = self._shown(interest) if error.status == 400 else interest
            if shown == interest or not shown.projects:
                raise
            count = self._count(since, shown)
        calls = 2 + count // 50
        return Estimate(count, calls, calls * 0.5)

    def _count(self, since: Instant | None, interest: Interest) -> int:
        jql = self._jql(since, interest).partition(" ORDER BY ")[0]
        answer = self.site.client.send(
            "POST", "/rest/api/3/search/approximate-count", {"jql": jql}, safe=True
        ).json()
        return int(answer["count"])

    def read(self, seen: Sequence[Seen], schema: Schema) -> Iterator[Reading]:
        """Read issues with their whole history; one that cannot be understood does not stop the others."""
        issues: dict[str, Json] = {
            each.ref.id: each.preview for each in seen if isinstance(each.preview, dict)
        }
        blind = [each.ref for each in seen if each.ref.id not in issues]
        if blind:
            found = {
                each.ref.id: each.preview
                for each in self.look(blind, schema)
                if isinstance(each.preview, dict)
            }
            issues |= found
        histories = self._histories(issues)
        for each in seen:
            issue = issues.get(each.ref.id)
            if issue is None:
                yield Reading(
                    each.ref,
                    None,
                    gone=Gone.unreachable,
                    detail="not shown: deleted, or hidden from us",
                )
                continue
            try:
                yield read_issue(
                    self.site,
                    issue,
                    histories[each.ref.id],
                    self._comments(issue),
                    schema,
                    each.revision,
                )
            except (KeyError, TypeError, ValueError) as error:
                yield Reading(
                    each.ref,
                    None,
                    gone=Gone.malformed,
                    detail=f"not understood: {type(error).__name__}",
                )

    def comments(self, issue: str, *, newest_first: bool = False) -> Iterator[Json]:
        """Give an issue's comments with their properties, paged to their end."""
        start = 0
        while True:
            params = {"startAt": start, "maxResults": PAGE, "expand": "properties"}
            params["orderBy"] = "-created" if newest_first else "created"
            answer = self.site.client.get(
                f"/rest/api/3/issue/{issue}/comment",
                params,
                operation="GET /rest/api/3/issue/{id}/comment",
            ).json()
            yield from answer["comments"]
            start += len(answer["comments"])
            if not answer["comments"] or start >= answer["total"]:
                return

    def _comments(self, issue: Json) -> Sequence[Json]:
        told = issue["fields"].get("comment") or {}
        held = told.get("comments") or []
        state = (issue.get("properties") or {}).get(PROPERTY) or {}
        # A note of which our property knows nothing: we were cut off between the two. Only the comment itself tells.
        unsaid = not state.get("note") and any(
            (each.get("author") or {}).get("accountId") == self.site.me.id for each in held
        )
        if len(held) >= told.get("total", 0) and not unsaid:
            return held
        return list(self.comments(str(issue["id"])))

    def _histories(self, issues: Mapping[str, Json]) -> dict[str, list[Json]]:
        """Give each issue's histories: the embedded ones where they are provably whole, else in bulk."""
        found: dict[str, list[Json]] = {}
        cut: list[str] = []
        for name, issue in issues.items():
            told = issue.get("changelog") or {}
            held = told.get("histories")
            if (
                held is not None
                and len(held) < EMBEDDED
                and told.get("total", EMBEDDED) == len(held)
            ):
                found[name] = list(held)
            else:
                cut.append(name)
                found[name] = []
        for start in range(0, len(cut), HISTORIES):
            self._bulk(cut[start : start + HISTORIES], found)
        return found

    def _bulk(self, names: Sequence[str], found: dict[str, list[Json]]) -> None:
        """Fetch whole histories; those of one issue may be spread over pages."""
        token: str | None = None
        seen: set[str] = set()
        while True:
            body: dict[str, object] = {"issueIdsOrKeys": list(names), "maxResults": HISTORIES}
            if token:
                body["nextPageToken"] = token
            answer = self.site.client.send(
                "POST", "/rest/api/3/changelog/bulkfetch", body, safe=True
            ).json()
            for each in answer["issueChangeLogs"]:
                found[str(each["issueId"])].extend(each["changeHistories"])
            token = answer.get("nextPageToken")
            if not token:
                return
            if token in seen:
                raise HelpdeskError(
                    Kind.broken,
                    self.site.account,
                    "POST /rest/api/3/changelog/bulkfetch",
                    detail="pages repeat",
                )
            seen.add(token)

    def _search(self, jql: str, schema: Schema, token: str | None) -> Any:
        body: dict[str, object] = {
            "jql": jql,
            "fields": self._fields(schema),
            "expand": "changelog",
            "maxResults": PAGE,
            "properties": [PROPERTY],
        }
        if token:
            body["nextPageToken"] = token
        return self.site.client.send("POST", "/rest/api/3/search/jql", body, safe=True).json()

    def search_ids(self, jql: str) -> Iterator[Ref]:
        """Give the issues that a query finds."""
        token: str | None = None
        while True:
            body: dict[str, object] = {"jql": jql, "fields": ["id"], "maxResults": 1000}
            if token:
                body["nextPageToken"] = token
            answer = self.site.client.send("POST", "/rest/api/3/search/jql", body, safe=True).json()
            yield from (
                Ref(self.site.account, "jira", str(each["id"])) for each in answer["issues"]
            )
            token = answer.get("nextPageToken")
            if not token or answer.get("isLast") is True:
                return

    @staticmethod
    def _fields(schema: Schema) -> list[str]:
        links = ["issuelinks"] if schema.links else []
        return list(dict.fromkeys([*_ALWAYS, *sorted(schema.fields - {"status", "key"}), *links]))

    def _seen(self, issue: Json) -> Seen:
        ref = Ref(self.site.account, "jira", str(issue["id"]))
        return Seen(ref, str(issue["key"]), revision_of(issue), facets_of(issue), issue)

    def _jql(self, since: Instant | None, interest: Interest) -> str:
        """Ask for what changed since an instant: never with an upper bound, always bounded."""
        parts = [within(interest)] if interest.projects else []
        if since is not None or not parts:
            parts.append(f'updated >= "{self._literal(since if since is not None else 0)}"')
        return f"{' AND '.join(parts)} ORDER BY updated ASC, key ASC"

    def _literal(self, since: Instant) -> str:
        """Write an instant as JQL reads it: minutes, on the wall clock of the calling account.

        In the hour that comes twice when clocks go back, the literal is an hour earlier still.
        """
        here = moment(max(since - OVERLAP, 0), self.site.me.zone)
        if here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset():
            here = (here.replace(tzinfo=None) - timedelta(hours=1)).replace(
                tzinfo=self.site.me.zone
            )
        return f"{here:%Y-%m-%d %H:%M}"


def revision_of(issue: Json) -> str:
    """Give what tells two states of an issue apart, also where they share a millisecond."""
    changes = issue.get("changelog") or {}
    newest = max((int(each["id"]) for each in changes.get("histories") or ()), default=0)
    comments = (issue["fields"].get("comment") or {}).get("total", 0)
    return f"{issue['fields']['updated']}/{newest}/{comments}"


def within(interest: Interest) -> str:
    """Write the projects as a clause, names quoted."""
    return f"project in ({', '.join(quoted(name) for name in interest.projects)})"


def quoted(text: str) -> str:
    """Quote a text for JQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
