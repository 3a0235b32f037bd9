"""Show what a pack would have done to the complaints that are stored: nothing is written, nothing is sent.

Two readings feed the same tally. The row reading folds every history and judges it as settling does; it
is the truth. The SQL reading judges facts kept as Parquet with DuckDB; it gives the same counts, and is
what makes a second look at a large store a matter of seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sync.binding import bind, pack_source
from sync.row_reading import read_rows
from sync.tried import Asked, Backtest, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sync.binding import Bound
    from sync.service import Service

    Tell = Callable[[int, int | None, str], None]


def candidate(
    service: Service,
    bound: Bound,
    *,
    pack: str | None = None,
    profile: str | None = None,
    params: Mapping[str, str] | None = None,
) -> Bound:
    """Give a binding with another pack, profile or parameters; raises `PackError` naming what is wrong."""
    from policies.load import load_pack

    settings = bound.settings
    source = pack if pack is not None else settings.pack
    if (
        pack is not None
        and (Path(pack).suffix or len(Path(pack).parts) > 1)
        and Path(pack).exists()
    ):
        # A path is relative to where the command is given, not to ombud.toml.
        source = str(Path(pack).resolve())
    loaded = load_pack(pack_source(service.settings, source).source)
    kept = {name: value for name, value in settings.params.items() if name in loaded.params}
    told = {
        name: read_param(value, loaded.params[name].default if name in loaded.params else "")
        for name, value in (params or {}).items()
    }
    if profile is None:
        profile = settings.profile if settings.profile in loaded.profiles else "standard"
    # What a rule may do at most is tried, whatever the binding lets it do today.
    changes = {
        "pack": source,
        "profile": profile,
        "params": {**kept, **told},
        "mode": "block",
        "modes": {},
    }
    return bind(service.settings, settings.model_copy(update=changes))


def read_param(text: str, default: object) -> object:
    """Read a parameter's value as the kind of value its default is; what does not fit is left to the pack to refuse."""
    if isinstance(default, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(default, str):
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


#: From so many stored complaints on, facts are written so that the next look is quick.
LARGE: Final = 20_000


def backtest(
    service: Service, asked: Asked, *, reading: str = "auto", tell: Tell | None = None
) -> Backtest:
    """Run a backtest: by `rows`, by `sql`, or by SQL where that can answer and pays (`auto`).

    Raises:
        Unreadable: the SQL reading was asked for and can not answer.

    """
    from sync.facts import facts_folder
    from sync.sql_reading import read_sql, readable

    if reading == "rows":
        return read_rows(service, asked, tell=tell)
    why_not = readable(service, asked)
    if reading == "sql":
        if why_not is not None:
            raise Unreadable(why_not)
        return read_sql(service, asked, tell=tell)
    pays = (
        facts_folder(service, asked.bound).path.exists()
        or service.store.counts()["ticket"] >= LARGE
    )
    if why_not is None and pays and not asked.past:
        return read_sql(service, asked, tell=tell)
    return read_rows(service, asked, tell=tell)


def summary(service: Service, binding: str, rule: str) -> dict[str, Any]:
    """Give what one rule of a binding shows over everything stored, for the gate of its rollout.

    Raises:
        KeyError: there is no such binding, or its pack has no such rule.

    """
    bound = next((each for each in service.bounds if each.name == binding), None)
    if bound is None or rule not in {each.id for each in bound.pack.rules}:
        raise KeyError(f"binding {binding!r} has no rule {rule!r}")
    asked = Asked(bound, None, None, service.now(), sample=0, only=frozenset({rule}))
    result = backtest(service, asked)
    left_out = ("verdicts", "not_judged", "newly_failing", "newly_passing", "against")
    told = {name: value for name, value in result.summary().items() if name not in left_out}
    return told | result.rules()[0]
