"""Enough of JQL to search tickets by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ombud.sandbox.adf import plain
from ombud.sandbox.jql_tokens import BadQueryError, Quoted, tokens
from ombud.sandbox.records import Issue
from ombud.sandbox.world import World

Test = Callable[[Issue], bool]

_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d{2}))?")
_AGO = re.compile(r"([+-]?)(\d+)([wdhm])")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_ALIASES = {
    "issuekey": "key",
    "issue": "key",
    "type": "issuetype",
    "createddate": "created",
    "updateddate": "updated",
}
_DATES = {"updated", "created", "resolutiondate", "resolved"}
_PLAIN = {
    "project",
    "issuetype",
    "status",
    "statuscategory",
    "key",
    "id",
    "labels",
    "summary",
    "text",
    "comment",
}
_LITERAL_HELP = (
    "Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', "
    "or a period format e.g. '-5d', '4w 2d'."
)


@dataclass(slots=True)
class Query:
    """A query that can be asked: its test, its order, and what narrows the walk."""

    test: Test
    order: list[tuple[str, bool]]
    bounded: bool
    since: datetime | None
    numbers: set[str] | None


def parse(
    text: str,
    world: World,
    zone: str,
    caller: str | None,
    hidden: frozenset[str] = frozenset(),
) -> Query:
    """Read a query; date literals have the precision of a minute and mean the caller's time zone.

    Of projects that the caller may not browse nothing is found, and their names are as if they did not exist.
    """
    return _Parser(text, world, zone, caller, hidden).query()


class _Parser:
    def __init__(
        self, text: str, world: World, zone: str, caller: str | None, hidden: frozenset[str]
    ) -> None:
        self.world, self.zone, self.caller, self.hidden = world, zone, caller, hidden
        self.now = world.clock.now()
        self.tokens: list[str] = list(tokens(text))
        self.place = 0
        self.since: datetime | None = None
        self.numbers: set[str] | None = None
        self.depth = 0

    def query(self) -> Query:
        bounded = not (self._peek() is None or self._is("order"))
        test: Test = self._either() if bounded else (lambda _issue: True)
        order: list[tuple[str, bool]] = []
        if self._is("order"):
            self.place += 1
            self._need("by")
            while True:
                name = self._field(self._word("field name"))
                descending = name in _DATES
                if self._is("asc") or self._is("desc"):
                    descending = self._take().lower() == "desc"
                order.append((name, descending))
                if self._peek() != ",":
                    break
                self.place += 1
        if self._peek() is not None:
            message = (
                f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self._peek()}'."
            )
            raise BadQueryError(message)
        hidden = self.hidden
        shown: Test = (lambda one: one.project not in hidden and test(one)) if hidden else test
        return Query(shown, order, bounded, self.since, self.numbers)

    def _either(self) -> Test:
        start = self.since, self.numbers
        tests = [self._both()]
        while self._is("or"):
            self.place += 1
            tests.append(self._both())
        if len(tests) == 1:
            return tests[0]
        self.since, self.numbers = start
        return lambda issue: any(test(issue) for test in tests)

    def _both(self) -> Test:
        tests = [self._not()]
        while self._is("and"):
            self.place += 1
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda issue: all(test(issue) for test in tests)

    def _not(self) -> Test:
        if self._is("not"):
            self.place += 1
            kept = self.since, self.numbers
            test = self._not()
            self.since, self.numbers = kept
            return lambda issue: not test(issue)
        if self._peek() == "(":
            self.place += 1
            test = self._either()
            self._need(")")
            return test
        return self._clause()

    def _clause(self) -> Test:
        written = self._word("field name")
        name = self._field(written)
        operator = self._operator()
        if operator in ("is", "is not"):
            if self._word("value").lower() not in ("empty", "null"):
                message = f"The operator '{operator}' is not supported by the value given for the field '{written}'."
                raise BadQueryError(message)
            wanted = operator == "is"
            return lambda issue: (not self._values(issue, name)) == wanted
        if operator in ("in", "not in"):
            self._need("(")
            values = [self._value()]
            while self._peek() == ",":
                self.place += 1
                values.append(self._value())
            self._need(")")
            found = self._among(name, written, values)
            if operator == "in" and name in ("id", "key"):
                self._narrow(values)
            return (
                found
                if operator == "in"
                else lambda issue: bool(self._values(issue, name)) and not found(issue)
            )
        value = self._value()
        if name in _DATES:
            return self._dated(name, written, operator, value)
        if operator in ("~", "!~"):
            needle = value.lower().strip('"').rstrip("*")
            wanted = operator == "~"
            return lambda issue: (needle in self._text(issue, name)) == wanted
        if operator in ("=", "!="):
            found = self._among(name, written, [value])
            if operator == "=" and name in ("id", "key"):
                self._narrow([value])
            return (
                found
                if operator == "="
                else lambda issue: bool(self._values(issue, name)) and not found(issue)
            )
        if name in ("id", "key"):
            return _compare(
                lambda issue: (issue.project, int(issue.key.rsplit("-", 1)[1])),
                operator,
                self._key(value),
            )
        message = f"The operator '{operator}' is not supported by the '{written}' field."
        raise BadQueryError(message)

    def _dated(self, name: str, written: str, operator: str, value: str) -> Test:
        at = self._moment(written, value)
        if operator not in ("=", "!=", ">", ">=", "<", "<="):
            message = f"The operator '{operator}' is not supported by the '{written}' field."
            raise BadQueryError(message)
        if name == "updated" and operator in (">", ">=", "="):
            self.since = at if self.since is None else max(at, self.since)
        if name == "updated":
            return _compare(lambda issue: issue.updated, operator, at)
        if name == "created":
            return _compare(lambda issue: issue.created, operator, at)
        test = _compare(lambda issue: issue.resolved, operator, at)
        return lambda issue: issue.resolved is not None and test(issue)

    def _moment(self, written: str, value: str) -> datetime:
        if value.lower() == "now()":
            return self.now
        if match := _DATE.fullmatch(value):
            year, month, day, hour, minute = (int(part or 0) for part in match.groups())
            try:
                local = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(self.zone))
            except ValueError as error:
                raise self._bad_date(written, value) from error
            return local.astimezone(UTC)
        if match := _AGO.fullmatch(value):
            sign, amount, unit = match.groups()
            step = timedelta(**{_UNITS[unit]: int(amount)})
            return self.now - step if sign == "-" else self.now + step
        raise self._bad_date(written, value)

    def _bad_date(self, written: str, value: str) -> BadQueryError:
        return BadQueryError(
            f"Date value '{value}' for field '{written}' is invalid. {_LITERAL_HELP}"
        )

    def _among(self, name: str, written: str, values: list[str]) -> Test:
        wanted = set()
        for value in values:
            wanted |= self._meanings(name, written, value)
        return lambda issue: not wanted.isdisjoint(self._values(issue, name))

    def _meanings(self, name: str, written: str, value: str) -> set[str]:
        known: dict[str, str]
        if value.lower() in ("empty", "null"):
            return set()
        if name == "project":
            known = {
                part: project.key
                for project in self.world.projects.values()
                if project.key not in self.hidden
                for part in _ways(project)
            }
        elif name == "issuetype":
            known = {
                part: kind.id
                for kind in self.world.issue_types.values()
                for part in (kind.id, kind.name.lower())
            }
        elif name == "status":
            known = {
                part: one.id
                for one in self.world.statuses.values()
                for part in (one.id, one.name.lower())
            }
        elif name == "statuscategory":
            known = {
                "new": "new",
                "to do": "new",
                "indeterminate": "indeterminate",
                "in progress": "indeterminate",
            }
            known |= {"done": "done"}
        elif name in ("id", "key"):
            return {self._number(value)}
        elif name in self.world.fields and self.world.fields[name].options:
            known = {}
            for ident, label in self.world.fields[name].options.items():
                known |= {ident: ident, label.lower(): ident}
        elif name in self.world.fields and self.world.fields[name].kind == "user":
            return {self.caller or ""} if value.lower() == "currentuser()" else {value}
        else:
            return {value}
        if value.lower() not in known:
            message = f"The value '{value}' does not exist for the field '{written}'."
            raise BadQueryError(message)
        return {known[value.lower()]}

    def _values(self, issue: Issue, name: str) -> set[str]:
        if name == "project":
            return {issue.project}
        if name == "issuetype":
            return {issue.type}
        if name == "status":
            return {issue.status}
        if name == "statuscategory":
            return {self.world.statuses[issue.status].category}
        if name in ("id", "key"):
            return {issue.id}
        if name in ("updated", "created"):
            return {"set"}
        if name in ("resolutiondate", "resolved"):
            return {"set"} if issue.resolved else set()
        stored = issue.fields.get(name)
        if stored is None:
            return set()
        return {str(one) for one in stored} if isinstance(stored, list) else {str(stored)}

    def _text(self, issue: Issue, name: str) -> str:
        if name == "text":
            parts = [plain(issue.fields.get(field)) for field in ("summary", "description")]
            parts += [plain(comment.body) for comment in issue.comments]
            return "\n".join(parts).lower()
        if name == "comment":
            return "\n".join(plain(comment.body) for comment in issue.comments).lower()
        return plain(issue.fields.get(name)).lower()

    def _number(self, value: str) -> str:
        if value.isdigit():
            return value
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*-\d+", value):
            message = f"The issue key '{value}' for field 'key' is invalid."
            raise BadQueryError(message)
        found = self.world.find(value)
        if found is None:
            message = f"An issue with key '{value}' does not exist for field 'key'."
            raise BadQueryError(message)
        return found.id

    def _key(self, value: str) -> tuple[str, int]:
        found = self.world.find(value)
        if found is None:
            message = f"An issue with key '{value}' does not exist for field 'key'."
            raise BadQueryError(message)
        return found.project, int(found.key.rsplit("-", 1)[1])

    def _narrow(self, values: list[str]) -> None:
        numbers = {self._number(value) for value in values}
        self.numbers = numbers if self.numbers is None else self.numbers & numbers

    def _field(self, written: str) -> str:
        lower = written.lower()
        name = _ALIASES.get(lower, lower)
        if name in _DATES or name in _PLAIN or name in self.world.fields:
            return name
        if match := re.fullmatch(r"cf\[(\d+)\]", lower):
            name = f"customfield_{match[1]}"
            if name in self.world.fields:
                return name
        for field in self.world.fields.values():
            if field.name.lower() == lower:
                return field.id
        message = f"Field '{written}' does not exist or you do not have permission to view it."
        raise BadQueryError(message)

    def _operator(self) -> str:
        word = self._take_or("operator").lower()
        if word == "not":
            self._need("in")
            return "not in"
        if word == "is" and self._is("not"):
            self.place += 1
            return "is not"
        if word in ("=", "!=", ">", ">=", "<", "<=", "~", "!~", "in", "is"):
            return word
        message = (
            "Error in the JQL Query: Expecting operator but got "
            f"'{word}'. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' "
            "and 'IS NOT'."
        )
        raise BadQueryError(message)

    def _value(self) -> str:
        value = self._word("value")
        if self._peek() == "(" and value.lower() in ("currentuser", "now"):
            self.place += 1
            self._need(")")
            return value + "()"
        return value

    def _peek(self) -> str | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _is(self, word: str) -> bool:
        token = self._peek()
        return token is not None and token.lower() == word

    def _take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def _take_or(self, what: str) -> str:
        if self._peek() is None:
            message = f"Error in the JQL Query: Expecting {what} before the end of the query."
            raise BadQueryError(message)
        return self._take()

    def _word(self, what: str) -> str:
        token = self._take_or(what)
        if token in ("(", ")", ",", "=", "!=", "~", "!~", "<", ">", "<=", ">="):
            message = f"Error in the JQL Query: Expecting {what} but got '{token}'."
            raise BadQueryError(message)
        return token.text if isinstance(token, Quoted) else token

    def _need(self, word: str) -> None:
        token = self._take_or(f"'{word}'")
        if token.lower() != word:
            message = f"Error in the JQL Query: Expecting '{word}' but got '{token}'."
            raise BadQueryError(message)


def _ways(project: Any) -> tuple[str, ...]:
    return project.id, project.key.lower(), project.name.lower()


def _compare(read: Callable[[Issue], Any], operator: str, value: Any) -> Test:
    if operator == "=":
        return lambda issue: read(issue) == value
    if operator == "!=":
        return lambda issue: read(issue) != value
    if operator == ">":
        return lambda issue: read(issue) > value
    if operator == ">=":
        return lambda issue: read(issue) >= value
    if operator == "<":
        return lambda issue: read(issue) < value
    return lambda issue: read(issue) <= value
