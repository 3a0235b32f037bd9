"""Read ombud.toml and secrets."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, field_validator

from ombud.dashboard_settings import DashboardSettings
from ombud.model.scope import Decision, Line, Scope
from ombud.notify_settings import NotifySettings
from ombud.toml import Fault, SettingsError, Strict, Texts, fault_at, read_toml, validated
from ombud.tongue import ENGLISH, TONGUES

if TYPE_CHECKING:
    from collections.abc import Mapping as Map

#: Names may stand in file names and environment variables.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Account(Strict):
    """Describe one account of one helpdesk; its secrets stand in the environment or in .env."""

    vendor: str
    url: str
    ca: str | None = None
    proxy: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class ScopeLine(Strict):
    """Say what tickets with these attributes are."""

    when: dict[str, Texts] = Field(default_factory=dict)
    decision: Decision = Field(alias="is")


class Holidays(Strict):
    """Name the public holidays to look up, and the desk's own on top."""

    country: str | None = None
    subdivision: str | None = None
    own: dict[str, str] = Field(default_factory=dict)


class CalendarSettings(Strict):
    """Describe when the desk is open."""

    zone: str
    week: dict[str, tuple[str, ...]]
    holidays: Holidays = Field(default_factory=Holidays)

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"{zone!r} is no IANA time zone; write for instance Europe/Berlin"
            ) from error
        return zone


class Binding(Strict):
    """Lay a pack over a part of an account."""

    name: str
    account: str
    pack: str
    profile: str = "standard"
    mode: Literal["off", "observe", "flag", "block"] = "observe"
    modes: dict[str, Literal["off", "observe", "flag", "block"]] = Field(default_factory=dict)
    enforce_from: date | None = None
    calendar: str = "office"
    mapping: str
    scope: tuple[ScopeLine, ...]
    params: dict[str, Any] = Field(default_factory=dict)
    #: In which agents are spoken to: ISO 639-1.
    language: str = ENGLISH.code

    @field_validator("language")
    @classmethod
    def _spoken(cls, language: str) -> str:
        if language not in TONGUES:
            raise ValueError(
                f"{language!r} is no language that notes are written in; known are {', '.join(sorted(TONGUES))}"
            )
        return language

    def scoped(self) -> Scope:
        """Give the scope as the value the model knows."""
        return Scope(tuple(Line(line.when, line.decision) for line in self.scope))


class TrustSettings(Strict):
    """Name the keys whose signatures on packs count; once there is one, no pack goes without."""

    keys: tuple[str, ...] = ()


class Approval(Strict):
    """Name who may approve: a change of what is in force, a promotion, a waiver; nobody named lets everybody."""

    approvers: Texts = ()


class WaiverSettings(Strict):
    """Bound what waivers may do."""

    longest_days: int = Field(default=365, ge=1, le=3660)
    expiring_days: int = Field(default=7, ge=0, le=366)


class RolloutSettings(Strict):
    """Say what a rule has to show before it may do more, and when it falls by itself."""

    start: Literal["off", "observe", "flag", "block"] = "block"
    days: int = Field(default=14, ge=0, le=3660)
    sample: int = Field(default=20, ge=0, le=100_000)
    false_positives: float = Field(default=5.0, ge=0, le=100)
    open_findings: int = Field(default=100, ge=0)
    complete: float = Field(default=99.0, ge=0, le=100)
    move_backs_an_hour: int = Field(default=30, ge=0)
    disputes_a_week: int = Field(default=5, ge=0)


class ServeSettings(Strict):
    """Say where `ombud serve` listens, how it is reached from outside, and how often it looks by itself."""

    host: str = "127.0.0.1"
    port: int = Field(default=8100, ge=0, le=65_535)
    #: Where people and helpdesks reach it: https://ombud.example; without, no hooks and no links in notes.
    url: str | None = None
    sweep_seconds: int = Field(default=300, ge=10, le=86_400)
    #: When the night's census begins, on the clock of the binding's desk.
    night: str = Field(default="02:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    workers: int = Field(default=4, ge=1, le=64)

    @field_validator("url")
    @classmethod
    def _reachable(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is not None and not (parts.scheme in {"http", "https"} and parts.hostname):
            raise ValueError(f"{url!r} is no address; write https://ombud.example")
        return url


class Settings(Strict):
    """Hold all of ombud.toml."""

    database: str = "sqlite:///ombud.db"
    accounts: dict[str, Account] = Field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    calendars: dict[str, CalendarSettings] = Field(default_factory=dict)
    persons: dict[str, Texts] = Field(default_factory=dict)
    approval: Approval = Field(default_factory=Approval)
    waivers: WaiverSettings = Field(default_factory=WaiverSettings)
    rollout: RolloutSettings = Field(default_factory=RolloutSettings)
    trust: TrustSettings = Field(default_factory=TrustSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    notify: NotifySettings = Field(default_factory=NotifySettings)
    dashboard: DashboardSettings = Field(default_factory=DashboardSettings)
    #: Folder that relative paths in the file are relative to.
    folder: Path = Field(default=Path(), exclude=True)


def load_settings(path: Path) -> Settings:
    """Read ombud.toml; raise `SettingsError` with every fault found."""
    text, data = read_toml(path, "Write one with: ombud init")
    settings = validated(Settings, path, text, data)
    faults = list(_cross_checked(path, text, settings))
    if faults:
        raise SettingsError(faults)
    return settings.model_copy(update={"folder": path.parent})


def secrets_of(account: str, names: Sequence[str], folder: Path) -> dict[str, str]:
    """Read an account's secrets from the environment, else from .env beside ombud.toml.

    A name with a `?` behind may be missing.

    Raises:
        SettingsError: naming each variable that is missing.

    """
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for told in names:
        name = told.removesuffix("?")
        variable = f"{account.upper()}_{name}"
        value = secret(variable, folder)
        if value:
            found[name] = value
        elif name == told:
            faults.append(
                Fault(
                    str(folder / ".env"),
                    0,
                    variable,
                    "is not set",
                    f"Set {variable} in the environment or in .env",
                )
            )
    if faults:
        raise SettingsError(faults)
    return found


def secret(variable: str, folder: Path) -> str | None:
    """Read one secret from the environment, else from .env; `None` where neither has it."""
    return os.environ.get(variable) or dotenv_values(folder / ".env").get(variable)


def _cross_checked(path: Path, text: str, settings: Settings) -> list[Fault]:
    faults = [
        fault_at(
            path,
            text,
            ("accounts", name),
            "is no name for an account",
            "Use a-z, 0-9 and _, a letter first",
        )
        for name in settings.accounts
        if not _NAME.fullmatch(name)
    ]
    for index, binding in enumerate(settings.bindings):
        where = ("bindings", index)
        if binding.account not in settings.accounts:
            faults.append(
                fault_at(
                    path,
                    text,
                    (*where, "account"),
                    f"names no account: {binding.account!r}",
                    _nearest(binding.account, settings.accounts),
                )
            )
        if binding.calendar not in settings.calendars:
            faults.append(
                fault_at(
                    path,
                    text,
                    (*where, "calendar"),
                    f"names no calendar: {binding.calendar!r}",
                    _nearest(binding.calendar, settings.calendars),
                )
            )
    names = [binding.name for binding in settings.bindings]
    faults += [
        fault_at(path, text, ("bindings",), f"has two bindings named {name!r}", "Rename one")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    return faults + _notify_faults(path, text, settings)


def _notify_faults(path: Path, text: str, settings: Settings) -> list[Fault]:
    """Find what routes and quiet hours name that there is not."""
    notify = settings.notify
    bindings = {binding.name: binding for binding in settings.bindings}
    told: list[tuple[tuple[object, ...], str, str, Map[str, object]]] = []
    for index, route in enumerate(notify.routes):
        where = ("notify", "routes", index)
        told += [((*where, "to"), "channel", name, notify.channels) for name in route.to]
        told += [
            ((*where, "when", "binding"), "binding", name, bindings) for name in route.when.binding
        ]
        told += [
            ((*where, "when", "account"), "account", name, settings.accounts)
            for name in route.when.account
        ]
    if notify.quiet is not None and notify.quiet.calendar is not None:
        told.append(
            (
                ("notify", "quiet", "calendar"),
                "calendar",
                notify.quiet.calendar,
                settings.calendars,
            )
        )
    faults = [
        fault_at(path, text, where, f"names no {what}: {name!r}", _nearest(name, known))
        for where, what, name, known in told
        if name not in known
    ]
    faults += [
        fault_at(
            path, text, ("notify", "channels", name), "is no name for a channel",
            "Use a-z, 0-9 and _, a letter first",
        )
        for name in notify.channels
        if not _NAME.fullmatch(name)
    ]  # fmt: skip
    return faults


def _nearest(wrong: str, known: Map[str, object]) -> str:
    near = difflib.get_close_matches(wrong, list(known), 1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(sorted(known)) or 'none'}"
