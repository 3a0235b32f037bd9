"""Suggest a configuration: which fields of the helpdesk carry what, and which rules that is enough for."""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from connectors import manifest_of, open_connector
from connectors.signin import way_of
from ombud.model.connector import Interest, Schema
from ombud.model.mapping import DEFAULT_EVIDENCE, INHERENT
from ombud.settings import Account, secret, secrets_of
from ombud.toml import Fault, SettingsError
from policies.load import load_pack
from policies.rule import Guard
from sync.signin import sign_for_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from ombud.model.clock import Clock
    from ombud.model.connector import Connector, NativeField, NativeStatus
    from policies.rule import Rule

#: Tickets looked at to see how often a field is filled in.
SAMPLE: Final = 100
#: Words by which a field is known, in the languages of the desks we have seen; the canonical name always counts.
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "severity": ("severity", "seriousness", "schweregrad", "gravité", "gravedad"),
    "channel": ("channel", "kanal", "canal", "contact channel", "origin"),
    "product": ("product", "produkt", "produit", "producto", "service"),
    "category": (
        "category",
        "kategorie",
        "catégorie",
        "categoría",
        "complaint category",
        "complaint type",
    ),
    "remedy_sought": ("remedy sought", "requested remedy", "desired outcome", "gewünschte abhilfe"),
    "complainant": ("complainant", "beschwerdeführer", "plaignant", "requestor"),
    "owner": ("assignee", "owner", "bearbeiter", "zuständig"),
    "subject_person": ("subject person", "person complained about", "betroffene person"),
    "approver": ("approver", "approved by", "freigegeben von"),
    "safety_implication": ("safety implication", "safety", "sicherheitsrelevant"),
    "investigation_summary": ("investigation summary", "findings", "investigation", "untersuchung"),
    "remedy_offered": ("remedy offered", "remedy", "offered remedy", "abhilfe"),
    "outcome": ("outcome", "decision", "ergebnis", "issue outcome"),
    "root_cause": ("root cause", "ursache", "cause racine", "causa raíz"),
    "corrective_action": (
        "corrective action",
        "korrekturmaßnahme",
        "action corrective",
        "acción correctiva",
    ),
    "received_at": ("received at", "date received", "eingangsdatum", "reçu le"),
    "declassified_reason": ("reason why no complaint", "declassified reason"),
}
#: Words by which a status is known; whole words, the first stage that fits.
_STAGE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "received": ("open", "new", "received", "to do", "offen", "neu", "eingegangen", "ouvert"),
    "acknowledged": ("acknowledged", "bestätigt", "accusé"),
    "assessed": ("assessed", "triaged", "bewertet", "classified"),
    "investigating": (
        "investigating",
        "in progress",
        "investigation",
        "waiting for customer",
        "pending",
        "in bearbeitung",
        "en cours",
    ),
    "responded": ("responded", "answered", "resolved", "beantwortet", "répondu"),
    "decided": ("decided", "entschieden", "décidé"),
    "closed": ("done", "closed", "geschlossen", "fermé", "erledigt"),
}
#: What helpdesks say of a status themselves -> stage, and whom it waits for.
_CATEGORIES: Final[Mapping[str, tuple[str, str | None]]] = {
    "done": ("closed", None),
    "solved": ("closed", None),
    "closed": ("closed", None),
    "pending": ("investigating", "complainant"),
    "hold": ("investigating", "third_party"),
}
_ENDS: Final = frozenset({"solved", "closed"})
_WAITING_WORDS: Final = (
    "waiting for customer",
    "pending customer",
    "awaiting customer",
    "warten auf kunde",
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Hold what `ombud init` prints.

    Attributes:
        lines: what was written where.
        coverage: rule, data needed, what of it is mapped, how often it is filled in.
        sentence: how many rules the fields carry, and which further fields would add most.

    """

    lines: tuple[str, ...]
    coverage: tuple[tuple[str, str, str, str], ...]
    sentence: str


def suggest(
    config: Path,
    *,
    vendor: str,
    account: str,
    url: str,
    pack: str,
    profile: str,
    project: str | None,
    sign_in: str | None = None,
    clock: Clock,
    sleep: Callable[[float], None],
) -> Suggestion:
    """Ask the helpdesk what it has, write ombud.toml, a mapping and OMBUD_KEY, and say what that carries.

    Raises:
        SettingsError: a file is there already, or secrets are missing.
        HelpdeskError: the helpdesk does not answer, or refuses.

    """
    mapping_file = config.with_name(f"{account}.mapping.toml")
    for file in (config, mapping_file):
        if file.exists():
            raise SettingsError(
                [
                    Fault(
                        str(file),
                        0,
                        "file",
                        "is there already",
                        "Name another with --config, or move it away",
                    )
                ]
            )
    settings = Account(vendor=vendor, url=url, options={"sign_in": sign_in} if sign_in else {})
    manifest = manifest_of(account, settings)
    names = manifest.sign_in.get(way_of(account, settings, manifest), ())
    secrets = secrets_of(account, names, config.parent)
    connector = open_connector(
        account,
        settings,
        lambda _: secrets,
        clock=clock,
        sleep=sleep,
        authorizer=sign_for_once(account, settings, secrets, clock, sleep),
    )
    fields, statuses = connector.list_fields(), connector.list_statuses()
    configured = load_pack(pack).configured({}, profile)
    mapped = match_fields([*configured.vocabulary, "received_at", "declassified_reason"], fields)
    stages = match_stages(statuses)
    filled = _fill_rates(connector, mapped, project)
    lines = [f"{mapping_file}: {len(mapped)} fields and {len(stages)} of {len(statuses)} statuses"]
    mapping_file.write_text(
        _mapping_text(mapped, stages, statuses, configured.vocabulary), encoding="utf-8"
    )
    config.write_text(
        _config_text(account, settings, names, pack, profile, project), encoding="utf-8"
    )
    lines.append(
        f"{config}: one account, one binding in mode observe; nothing is written to the helpdesk"
    )
    lines += _key(config)
    lines += [
        f"not mapped: status {each.name} ({each.id})" for each in statuses if each.id not in stages
    ]
    return Suggestion(tuple(lines), *coverage(configured.rules, mapped, stages, filled))


def match_fields(names: Iterable[str], fields: Sequence[NativeField]) -> dict[str, NativeField]:
    """Give the native field that each canonical one is likely to be: by its whole name, in any case."""
    by_name: dict[str, NativeField] = {}
    for each in fields:
        by_name.setdefault(each.name.strip().casefold(), each)
    found: dict[str, NativeField] = {}
    for name in dict.fromkeys(names):
        for word in (name.replace("_", " "), *_SYNONYMS.get(name, ())):
            if word.casefold() in by_name:
                found[name] = by_name[word.casefold()]
                break
    return found


def match_stages(statuses: Sequence[NativeStatus]) -> dict[str, tuple[str, str | None]]:
    """Give each status's likely stage, and whom it waits for; what fits nothing is left out."""
    found: dict[str, tuple[str, str | None]] = {}
    for status in statuses:
        name = status.name.strip().casefold()
        stage = next((stage for stage, words in _STAGE_WORDS.items() if name in words), None)
        waiting = "complainant" if name in _WAITING_WORDS else None
        told = _CATEGORIES.get(status.category or "")
        # What a helpdesk counts as its end is one, whatever people call it.
        if told is not None and (stage is None or status.category in _ENDS):
            stage, waiting = told
        if stage is not None:
            found[status.id] = (stage, waiting)
    return found


def coverage(
    rules: Sequence[Rule],
    mapped: Mapping[str, NativeField],
    stages: Mapping[str, tuple[str, str | None]],
    filled: Mapping[str, float],
) -> tuple[tuple[tuple[str, str, str, str], ...], str]:
    """Say for each rule what it needs and what is there of it; and which missing pieces would carry most rules."""
    staged = {stage for stage, _ in stages.values()}
    shown = {name for name in DEFAULT_EVIDENCE if name == "acknowledged" or name in staged}
    # The mapping that is written beside this knows these by markers, and one by its field.
    marked = {"decision_told", "holding_sent"} | (
        {"investigated"} if "investigation_summary" in mapped else set()
    )
    known = set(mapped) | set(INHERENT) | shown | marked
    rows: list[tuple[str, str, str, str]] = []
    lacking: dict[str, frozenset[str]] = {}
    for rule in rules:
        body = rule.body
        missing = set(rule.needs) - known
        if (
            isinstance(body, Guard)
            and body.entering is not None
            and body.entering not in staged | shown
        ):
            missing.add(f"stage {body.entering}")
        lacking[rule.id] = frozenset(missing)
        rates = [filled[name] for name in rule.names if name in filled]
        rows.append(
            (
                rule.id,
                ", ".join(sorted(rule.needs)),
                "all" if not missing else f"not {', '.join(sorted(missing))}",
                f"{min(rates):.0%}" if rates else "",
            )
        )
    carried = sum(not missing for missing in lacking.values())
    best = _best(lacking)
    more = f" {len(best[0])} more would add {best[1]}: {', '.join(best[0])}." if best[0] else ""
    return tuple(rows), f"Your fields carry {carried} of {len(rules)} rules.{more}"


def _best(lacking: Mapping[str, frozenset[str]], most: int = 3) -> tuple[list[str], int]:
    """Choose up to three missing pieces, each time the one that helps most rules along."""
    open_ = [missing for missing in lacking.values() if missing]
    chosen: list[str] = []
    while open_ and len(chosen) < most:
        weights: dict[str, float] = {}
        for missing in open_:
            for name in missing:
                weights[name] = weights.get(name, 0) + 1 / len(missing)
        name = max(sorted(weights), key=weights.__getitem__)
        chosen.append(name)
        open_ = [rest for missing in open_ if (rest := missing - {name})]
    gained = sum(bool(missing) and missing <= set(chosen) for missing in lacking.values())
    return chosen, gained


def _fill_rates(
    connector: Connector, mapped: Mapping[str, NativeField], project: str | None
) -> dict[str, float]:
    """Look at some tickets of the project for how often each mapped field is filled in."""
    schema = Schema(fields=frozenset(each.id for each in mapped.values()))
    interest = Interest((project,) if project else ())
    seen = [
        each for page in islice(connector.changed(None, interest, schema), 1) for each in page.seen
    ][:SAMPLE]
    readings = [reading for reading in connector.read(seen, schema) if reading.actual is not None]
    if not readings:
        return {}
    return {
        name: sum(bool(r.actual and r.actual.fields.get(field.id)) for r in readings)
        / len(readings)
        for name, field in mapped.items()
    }


def _key(config: Path) -> list[str]:
    if secret("OMBUD_KEY", config.parent) is not None:
        return []
    env = config.with_name(".env")
    env.touch(mode=0o600)
    with env.open("a", encoding="utf-8") as file:
        file.write(f"OMBUD_KEY={base64.urlsafe_b64encode(os.urandom(32)).decode()}\n")
    return [
        f"{env}: OMBUD_KEY, under which personal data is encrypted; keep a copy apart from backups"
    ]


def _toml(value: object) -> str:
    """Write a text as TOML; its basic strings escape like JSON's."""
    return json.dumps(value, ensure_ascii=False)


def _word(text: str, known: Sequence[str]) -> str:
    """Give an option's canonical word: the vocabulary's where it is one or begins like one."""
    word = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_") or "other"
    return word if word in known else next((each for each in known if word.startswith(each)), word)


def _choices_text(options: Mapping[str, str], known: Sequence[str]) -> str:
    """Write a choice's options: what each means, and what people call it where that is another word."""
    words: dict[str, list[str]] = {}
    for option, text in options.items():
        words.setdefault(_word(text, known), []).append(option)
    pairs = (
        f"{word} = {_toml(found[0] if len(found) == 1 else found)}" for word, found in words.items()
    )
    told = f", values = {{{', '.join(pairs)}}}"
    other = (
        f"{_toml(option)} = {_toml(options[option])}"
        for word, found in words.items()
        for option in found
        if options[option] != word.replace("_", " ").capitalize()
    )
    named = ", ".join(other)
    return f"{told}, names = {{{named}}}" if named else told


def _mapping_text(
    mapped: Mapping[str, NativeField],
    stages: Mapping[str, tuple[str, str | None]],
    statuses: Sequence[NativeStatus],
    vocabulary: Mapping[str, Any],
) -> str:
    lines = [
        "[stages]                                   # native status id = stage (and whom it waits on)"
    ]
    for status in statuses:
        if status.id in stages:
            stage, waiting = stages[status.id]
            extra = f', waiting = "{waiting}"' if waiting else ""
            lines.append(
                f'{_toml(status.id)} = {{stage = "{stage}"{extra}, name = {_toml(status.name)}}}'
            )
    lines += [
        "",
        "[fields]                                   # canonical = native id, and value ids of choices",
    ]
    for name, field in mapped.items():
        values = ""
        if field.options and (name not in vocabulary or vocabulary[name].type == "choice"):
            known = tuple(vocabulary[name].values) if name in vocabulary else ()
            values = _choices_text(field.options, known)
        lines.append(f"{name} = {{id = {_toml(field.id)}, name = {_toml(field.name)}{values}}}")
    lines += [
        "",
        "[markers]                                  # literal text in a reply = its kind",
        'response = ["#response"]',
        'decision = ["#decision"]',
        'holding_notice = ["#holding"]',
        "",
        "[milestones]                               # beside those that stages and first replies show",
        'decision_told = [{message = {by = "agent", to = "complainant", kind = "decision"}}]',
        'holding_sent = [{message = {by = "agent", to = "complainant", kind = "holding_notice"}}]',
    ]
    if "investigation_summary" in mapped:
        lines.append('investigated = [{field = "investigation_summary"}]')
    return "\n".join(lines) + "\n"


def _config_text(
    account: str,
    settings: Account,
    names: Sequence[str],
    pack: str,
    profile: str,
    project: str | None,
) -> str:
    place = "queue" if settings.vendor == "rt" else "project"
    when = f"when = {{{place} = {_toml(project)}}}, " if project else ""
    told = ", ".join(name.removesuffix("?") for name in names)
    way = settings.options.get("sign_in")
    options = f"options = {{sign_in = {_toml(way)}}}\n" if way else ""
    return f"""# Written by `ombud init`. Secrets ({told}, each behind {account.upper()}_) stand in .env or the environment.
database = "sqlite:///ombud.db"

[accounts.{account}]
vendor = {_toml(settings.vendor)}
url = {_toml(settings.url)}
{options}
[[bindings]]
name = "complaints"
account = {_toml(account)}
pack = {_toml(pack)}
profile = {_toml(profile)}
mode = "observe"                               # then "flag", then "block"
calendar = "office"
mapping = "{account}.mapping.toml"
scope = [{{{when}is = "complaint"}}]

[calendars.office]
zone = "Europe/Berlin"                         # yours: the desk's zone, hours and holidays
week = {{mon-fri = ["09:00-17:00"]}}
holidays = {{country = "DE"}}
"""
