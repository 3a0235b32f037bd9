"""Look for what is wrong with an installation, its configuration and its database."""

from __future__ import annotations

import shutil
import stat
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connectors import load_manifest, vendors
from connectors.errors import ConfigurationError, HelpdeskError
from connectors.oauth import again
from connectors.signin import way_of
from ombud.model.connector import Capability, Check
from ombud.settings import load_settings, secret, secrets_of
from ombud.store import StoreError
from ombud.toml import SettingsError
from policies.vocabulary import PackError
from sync.binding import bind, pack_source
from sync.live.channel import known
from sync.live.tell import LONG, Teller
from sync.service import database_path, is_server, open_service
from sync.waivers import state as state_of
from sync.waivers import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ombud.model.clock import Clock
    from ombud.settings import Settings
    from sync.service import Service

#: Less free space than this will not hold a sync, in megabytes.
_LEAST_SPACE: Final = 200
_OURS: Final = ("cli", "connectors", "policies", "sync")


def examine(config: Path, clock: Clock) -> Iterator[Check]:
    """Give what was looked at, one after the other; it stops where nothing further can be known."""
    told = ".".join(map(str, sys.version_info[:3]))
    yield Check(
        "Python", ok=sys.version_info >= (3, 11), why=told, remedy="Install Python 3.11 or newer"
    )
    yield from _names()
    try:
        settings = load_settings(config)
    except SettingsError as error:
        # Each fault brings its own remedy.
        for fault in error.faults:
            yield Check("Configuration", ok=False, why=str(fault), remedy="")
        return
    yield Check("Configuration", ok=True, why=str(config))
    yield from _secrets(settings)
    yield from _ways_in(settings)
    sound = True
    for binding in settings.bindings:
        try:
            bound = bind(settings, binding)
        except (SettingsError, PackError) as error:
            sound = False
            yield Check(
                f"Binding {binding.name}", ok=False, why=str(error), remedy="Mend the file it names"
            )
        else:
            why = f"{len(bound.pack.rules) - len(bound.judge.gaps)} of {len(bound.pack.rules)} rules can be judged"
            yield Check(f"Binding {binding.name}", ok=True, why=why)
            yield from _pack(settings, binding.pack)
    if not is_server(settings):
        yield from _disk(settings)
    try:
        # What is in force goes on being used where a binding cannot be loaded.
        service = open_service(config, clock)
    except (SettingsError, PackError, StoreError) as error:
        if not sound:
            return
        yield Check("Database", ok=False, why=str(error), remedy="")
        return
    with service:
        yield from _database(service)
        yield from _decided(service)
        yield from _told(service)
        yield from _sign_ins(service)
        yield from _mappings(service)


def _names() -> Iterator[Check]:
    """Our top-level names are common ones: another package may have taken one."""
    home = Path(__file__).resolve().parent.parent
    for name in _OURS:
        spec = find_spec(name)
        where = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        ok = where is not None and home in where.parents
        remedy = "Install Ombud with pipx or uv tool, in an environment of its own"
        yield Check(f"Package {name}", ok=ok, why="ours" if ok else f"is {where}", remedy=remedy)


def _pack(settings: Settings, name: str) -> Iterator[Check]:
    """Tell an installed pack that was passed over, as it is not as its author signed it."""
    refused = pack_source(settings, name).refused
    if refused is not None:
        why = f"{refused} The last good one is in force instead."
        remedy = "Install it again: ombud packs install"
        yield Check(f"Pack {name}", ok=False, why=why, remedy=remedy)


def _secrets(settings: Settings) -> Iterator[Check]:
    for name, account in settings.accounts.items():
        if account.vendor not in vendors():
            why = f"vendor {account.vendor!r} is not known"
            yield Check(
                f"Account {name}", ok=False, why=why, remedy=f"Known: {', '.join(vendors())}"
            )
            continue
        try:
            manifest = load_manifest(account.vendor)
            names = manifest.sign_in.get(way_of(name, account, manifest), ())
            secrets_of(name, names, settings.folder)
        except (SettingsError, ConfigurationError) as error:
            yield Check(f"Account {name}", ok=False, why=str(error), remedy="")
        else:
            yield Check(f"Account {name}", ok=True, why="its secrets are set")
    env = settings.folder / ".env"
    if env.exists():
        others = bool(env.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
        why = "others on this machine can read it" if others else "readable by you alone"
        yield Check(".env", ok=not others, why=why, remedy=f"Run: chmod 600 {env}")


def _ways_in(settings: Settings) -> Iterator[Check]:
    """Tell whether people can sign in to the dashboard by something that lasts."""
    dashboard = settings.dashboard
    if dashboard.oidc is None:
        if not dashboard.passwords:
            why = "passwords are not taken, and no [dashboard.oidc] is named: links alone let people in"
            yield Check("Dashboard", ok=None, why=why, remedy="")
    elif not secret("OMBUD_OIDC_SECRET", settings.folder):
        why = (
            "OMBUD_OIDC_SECRET is not set, in the environment or in .env; few issuers ask for none"
        )
        yield Check("Dashboard", ok=None, why=why, remedy="")


def _disk(settings: Settings) -> Iterator[Check]:
    try:
        folder = database_path(settings).parent
        free = shutil.disk_usage(folder).free >> 20
    except (OSError, StoreError) as error:
        yield Check("Disk", ok=False, why=str(error), remedy="Check `database` in ombud.toml")
        return
    yield Check(
        "Disk",
        ok=free >= _LEAST_SPACE,
        why=f"{free:,} MB free in {folder}",
        remedy="Free some space",
    )


def _database(service: Service) -> Iterator[Check]:
    store = service.store
    told = store.quick_check()
    try:
        about = store.about()
    except StoreError as error:
        yield Check("Database", ok=False, why=str(error), remedy="")
        return
    remedy = "Restore the last backup with: ombud restore FILE"
    if about is not None:
        remedy = "Restore the last dump with: pg_restore"
    why = (about or "whole") if told == "ok" else told
    yield Check("Database", ok=told == "ok", why=why, remedy=remedy)
    try:
        length = store.verify_log()
    except StoreError as error:
        yield Check("Decision log", ok=False, why=str(error), remedy="")
    else:
        yield Check("Decision log", ok=True, why=f"{length:,} lines, its chain holds")
    counts = store.counts()
    yield Check(
        "Kept",
        ok=True,
        why=f"{counts['ticket']:,} tickets, {counts['event']:,} events, {counts['outbox']:,} writes waiting",
    )
    aside = store.troubled()
    for state in aside[:10]:
        why = f"{state.trouble}; failed {state.failures} times"
        yield Check(
            f"Ticket {state.ref}",
            ok=False,
            why=why,
            remedy="It is tried again by itself; see `ombud sync`",
        )
    if len(aside) > 10:
        yield Check("Tickets", ok=False, why=f"{len(aside) - 10} more were put aside", remedy="")


def _decided(service: Service) -> Iterator[Check]:
    """Tell what people decided that keeps things from going on: stops, changes held back, waivers nobody understands."""
    with service.store.acts() as acts:
        stops = {each.account: each for each in acts.stops() if each.resumed is None}
        waivers = acts.waivers()
    for account, stop in stops.items():
        why = f"stopped by {stop.stopped_name or stop.stopped_by}: {stop.stopped_why}"
        remedy = f"Let it go on with: ombud rollout resume {account}"
        yield Check(f"Writing to {account}", ok=False, why=why, remedy=remedy)
    for name, held in service.footing.held.items():
        remedy = "See: ombud rollout changes"
        yield Check(f"In force for {name}", ok=False, why=held.sentence(), remedy=remedy)
    now = service.now()
    for row in waivers:
        bound = service.footing.bounds.get(row.binding)
        said = None if bound is None else unreadable(bound, row)
        if said is not None and state_of(row, now) in {"active", "expiring"}:
            remedy = f"Revoke it: ombud waivers revoke {row.id}"
            yield Check(
                f"Waiver {row.id}", ok=False, why=f"it excuses nothing: {said}", remedy=remedy
            )


def _told(service: Service) -> Iterator[Check]:
    """Tell whether people can be told: addresses that are not set, channels that nothing leads to or that fail."""
    notify, now = service.settings.notify, service.now()
    if not notify.channels:
        why = "nobody is told anything: ombud.toml names no channel; see docs/howto/be-notified.md"
        yield Check("Notifications", ok=None, why=why, remedy="")
        return
    led = {name for route in notify.routes for name in route.to}
    states = Teller(service).states()
    for name, channel in notify.channels.items():
        address = secret(channel.url_env, service.settings.folder)
        state = states[name]
        ok: bool | None = False
        if not address:
            why = f"{channel.url_env} is not set"
            remedy = f"Set {channel.url_env} in the environment or in .env"
        elif not known(address):
            why = f"{channel.url_env} holds no address that Apprise knows"
            remedy = "Write it as https://appriseit.com says, with nothing left out"
        elif name not in led:
            why, remedy = "no route leads to it", "Name it in a route: [[notify.routes]]"
        elif state.failing is not None:
            # A little while is nothing to do about: it is tried again by itself.
            ok = False if now - state.failing >= LONG else None
            why, remedy = state.sentence(name), f"Try it with: ombud notify test {name}"
        else:
            ok, why, remedy = True, "its address is set, and a route leads to it", ""
        yield Check(f"Channel {name}", ok=ok, why=why, remedy=remedy)


def _sign_ins(service: Service) -> Iterator[Check]:
    """Foretell when the accounts' sign-ins end; accounts whose settings are wrong were named before."""
    for account in service.settings.accounts:
        try:
            for each in service.signin.foretell(account):
                yield replace(each, name=f"{each.name} of {account}")
        except (SettingsError, ConfigurationError):
            continue
        except StoreError as error:
            yield Check(f"Token of {account}", ok=False, why=str(error), remedy=again(account))


def _mappings(service: Service) -> Iterator[Check]:
    """Check what mappings name against the helpdesk's own fields and statuses, where it answers."""
    for bound in service.bounds:
        account = service.settings.accounts.get(bound.account)
        if account is None:
            continue
        if account.vendor in vendors():
            # A file has nobody to ask.
            asked = Capability.sweep in load_manifest(account.vendor).capabilities
            if not asked:
                continue
        try:
            connector = service.connector(bound.account)
            fields = {each.id: each for each in connector.list_fields()}
            statuses = {each.id for each in connector.list_statuses()}
        except (HelpdeskError, SettingsError, ValueError) as error:
            yield Check(
                f"Mapping of {bound.name}",
                ok=None,
                why=f"the helpdesk could not be asked: {error}",
                remedy="",
            )
            continue
        unknown = [
            f"{name} = {of.id}" for name, of in bound.mapping.fields.items() if of.id not in fields
        ]
        unknown += [
            f"{name}: value {native}"
            for name, of in bound.mapping.fields.items()
            if of.id in fields and fields[of.id].options
            for native in of.values
            if native not in fields[of.id].options
        ]
        # A status nobody has used yet may not be listed; one that is used and not mapped leaves a stage unknown.
        unmapped = sorted(statuses - set(bound.mapping.stages))
        why = "; ".join(
            part
            for part in (
                f"unknown to the helpdesk: {', '.join(unknown)}" if unknown else "",
                f"statuses nothing maps: {', '.join(unmapped)}" if unmapped else "",
            )
            if part
        )
        file = bound.settings.mapping
        yield Check(
            f"Mapping of {bound.name}",
            ok=not unknown,
            why=why or "fits the helpdesk",
            remedy=f"Mend {file}; see: ombud fields {bound.account}",
        )
