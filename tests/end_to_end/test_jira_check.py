"""`accounts check` on Jira: whom a move back would mail, as far as the account may know."""

from __future__ import annotations

import pytest

from ombud.sandbox.desk import API_ACCOUNT
from ombud.sandbox.serve import start_in_thread
from tests.conformity.benches import JiraBench

WHAT = "What fires on a reopen"


@pytest.fixture
def desk():
    with start_in_thread() as server:
        yield JiraBench(server)


def test_whoever_administers_a_project_is_told_whom_a_reopen_mails(desk):
    desk.world.people[API_ACCOUNT.account_id].role = "app"
    told = {check.name: check for check in desk.connect().check()}
    assert told[f"{WHAT} in CMP"].why.endswith("mailed to AllWatchers, CurrentAssignee, Reporter")
    assert told[WHAT].ok is None


def test_others_are_told_where_to_look(desk):
    told = {check.name: check for check in desk.connect().check()}
    assert f"{WHAT} in CMP" not in told
    assert told[WHAT].ok is None
    assert "Notifications" in told[WHAT].remedy
