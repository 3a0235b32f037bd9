"""Every question the connector asks needs no scope beyond those it names, by the vendor's own document."""

from __future__ import annotations

import json
import re

import pytest

from connectors import load_manifest
from connectors.signin import asked_scopes
from ombud.sandbox.jira.oauth import needed
from ombud.sandbox.serve import start_in_thread
from tests.desks import jira_service

#: Not in the vendor's document, or asked of nobody's account.
_OUTSIDE = ("/oauth/", "/_edge/")


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Give what a desk in block mode asks its helpdesk, from the first check to leaving."""
    with start_in_thread() as server:
        early = server.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01").id
        with jira_service(tmp_path_factory.mktemp("desk"), server) as service:
            service.checks("sandbox")
            service.fields("sandbox")
            service.statuses("sandbox")
            service.sync("sandbox")
            server.world.edit(early, {}, "acc-anna", to_status="10010")
            service.sync("sandbox")
            service.uninstall("sandbox", service.list_ours("sandbox"))
        # The vendor's customary client speaks the version before, whose scopes are the same.
        yield {
            (call["method"], call["path"].partition("?")[0].replace("/api/2/", "/api/3/"))
            for call in server.calls
        }


def templates(document):
    for path, operations in document["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for method, operation in operations.items():
            if isinstance(operation, dict):
                yield pattern, path.count("{"), method.upper(), operation


def test_the_vendor_asks_for_no_other_scopes(shared, calls):
    document = json.loads((shared / "specs" / "jira-cloud-v3.json").read_text(encoding="utf-8"))
    known = list(templates(document))
    asked = set(asked_scopes(load_manifest("jira"), writes=True))
    seen = set()
    for method, path in calls:
        if path.startswith(_OUTSIDE):
            continue
        # The template with fewest blanks is the one meant: /issue/bulkfetch is no issue.
        fits = [(blanks, op) for pattern, blanks, verb, op in known if verb == method and pattern.fullmatch(path)]  # fmt: skip
        assert fits, f"{method} {path} is not in the document"
        _, operation = min(fits, key=lambda each: each[0])
        scopes = {
            scope
            for way in operation["security"]
            for scope in way.get("OAuth2", ())
        }  # fmt: skip
        assert scopes <= asked, f"{method} {path}"
        # The sandbox holds to the same.
        assert scopes == {needed(method, path)}, f"{method} {path}"
        seen |= scopes
    assert seen == asked - {"offline_access"}
