"""Statements say the same on every kind of database."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, delete

from ombud.store import StoreError, findings, log, migrate, personal, store, transaction
from ombud.store.statements import Change, Clash, Put, Statement
from ombud.store.tables import metadata, outbox

MODULES = (findings, log, migrate, personal, store, transaction)
ALL = [told for module in MODULES for told in vars(module).values() if isinstance(told, Statement)]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("told", ALL, ids=lambda told: told.text("sqlite").split(" (")[0])
def test_every_statement_can_be_said(told, kind):
    mark = {"sqlite": "?", "postgresql": "%s"}[kind]
    assert told.text(kind).count(mark) == len(told._names)


def test_a_log_line_is_never_overwritten():
    assert "ON CONFLICT" not in log._PUT.text("sqlite")


def test_unknown_databases_are_refused():
    with pytest.raises(StoreError, match="'oracle' is not known"):
        ALL[0].text("oracle")


def test_parameters_out_of_order_are_a_fault_of_the_program():
    wrong = Change(
        delete(outbox).where(
            outbox.c.account == bindparam("first"), outbox.c.ticket == bindparam("second")
        ),
        ("second", "first"),
    )
    with pytest.raises(ValueError, match="stand as"):
        wrong.text("sqlite")


def test_a_key_that_the_database_numbers_is_left_out():
    assert "seq" not in Put(metadata.tables["sent"], Clash.refuse).columns
    assert "seq" in Put(metadata.tables["decision"], Clash.refuse).columns


def test_no_column_is_called_at():
    assert not [table.name for table in metadata.tables.values() if "at" in table.c]
