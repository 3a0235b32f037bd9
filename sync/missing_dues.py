"""Write the dues that a set of facts lacks: reckoned in batch where rows decide, else judged one by one."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Final

from ombud.model.event import Ref
from ombud.model.scope import Decision
from ombud.store.facts import TableWriter
from sync.again import fold_again, fold_page
from sync.dues import DUES, Judging
from sync.reckoning import reckon, reckonable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ombud.store.facts import FactsReader
    from sync.again import Folded
    from sync.dues import Need
    from sync.service import Service
    from sync.tried import Asked

    Tell = Callable[[int, int | None, str], None]

#: Cases folded at a time.
_PAGE: Final = 500
_STEP: Final = 200


def write_missing(
    service: Service,
    asked: Asked,
    reader: FactsReader,
    wanted: Sequence[Need],
    *,
    tell: Tell | None = None,
) -> None:
    """Write the dues that a set has not yet, and those that time has overtaken."""
    missing = [
        need
        for need in {need.name: need for need in wanted}.values()
        if _stale(reader, need, asked)
    ]
    left: dict[str, dict[str, Ref]] = {}
    whole: set[str] = set()
    for need in missing:
        if reckonable(need):
            left[need.name] = {
                case: Ref(account, "", ticket)
                for case, account, ticket in reckon(reader, need, _reckoned(reader, need))
            }
        else:
            whole.add(need.name)
    judged = [need for need in missing if need.name in whole or left[need.name]]
    if judged:
        _judge(service, asked, reader, judged, left, whole, tell)
    for need in missing:
        _join(reader, need)


def _judge(
    service: Service,
    asked: Asked,
    reader: FactsReader,
    wanted: Sequence[Need],
    left: dict[str, dict[str, Ref]],
    whole: set[str],
    tell: Tell | None,
) -> None:
    """Judge what rows can not tell, folding each case once for all rules."""
    judging = Judging(wanted, asked.until)
    cases = None if whole else {case: ref for each in left.values() for case, ref in each.items()}
    with ExitStack() as files:
        writers = {
            need.name: files.enter_context(TableWriter(_judged(reader, need), DUES))
            for need in wanted
        }
        for number, folded in enumerate(_folded(service, asked, cases), 1):
            if folded.lead.decision is Decision.complaint:
                case = folded.complaint.case
                for name, row in judging.rows(folded.complaint):
                    if name in whole or case in left[name]:
                        writers[name].add(row)
            if tell is not None and number % _STEP == 0:
                tell(number, None if cases is None else len(cases), "")


def _folded(service: Service, asked: Asked, cases: Mapping[str, Ref] | None) -> Iterator[Folded]:
    """Fold every stored case, or those named."""
    bound, elsewhere, store = asked.bound, service.elsewhere, service.store
    if cases is None:
        yield from fold_again(bound, elsewhere, store, happened_by=asked.until)
        return
    ahead = iter([cases[name] for name in sorted(cases)])
    while part := list(islice(ahead, _PAGE)):
        known = {state.case for state in store.states(part).values()}
        members = store.members(sorted(case for case in known if case is not None))
        states = store.states(sorted(members)).values()
        page = sorted(states, key=lambda state: (state.case or "", state.ref))
        yield from fold_page(bound, elsewhere, store, page, happened_by=asked.until, whole=False)


def _join(reader: FactsReader, need: Need) -> None:
    """Make one file of what was reckoned and what was judged."""
    file, parts = reader.folder.dues(need.name), (_reckoned(reader, need), _judged(reader, need))
    there = [part for part in parts if part.exists()]
    if len(there) == 1:
        there[0].replace(file)
        return
    told = " UNION ALL ".join(f"SELECT * FROM {reader.source(part)}" for part in there)  # noqa: S608 (files of ours)
    reader.save(told, [], file)
    for part in there:
        part.unlink()


def _reckoned(reader: FactsReader, need: Need) -> Path:
    return reader.folder.dues(need.name).with_suffix(".reckoned")


def _judged(reader: FactsReader, need: Need) -> Path:
    return reader.folder.dues(need.name).with_suffix(".judged")


def _stale(reader: FactsReader, need: Need, asked: Asked) -> bool:
    if not reader.folder.dues(need.name).exists():
        return True
    again = reader.least(reader.dues(need.name), "again")
    return again is not None and again <= asked.until
