"""The incident log gives those figures of its reference that its rows can carry, and unknown where they cannot."""

from __future__ import annotations

import json
import shutil
from collections import Counter

from ombud.model.clock import FixedClock, parse_instant
from ombud.model.facts import Verdict
from sync.service import open_service
from tests.desks import EXAMPLES, KEY


def test_the_slice_gives_its_reference_where_its_rows_can_tell(tmp_path, shared):
    told = json.loads(
        (shared / "data/uci_incident/reference_dev_slice.json").read_text(encoding="utf-8")
    )
    reference = told["dev_slice_md5(number)%10==0"]
    folder = tmp_path / "incidents"
    shutil.copytree(EXAMPLES / "incidents", folder)
    (folder / ".env").write_text(f"OMBUD_KEY={KEY}\n", encoding="utf-8")
    with open_service(
        folder / "ombud.toml", FixedClock(parse_instant("2027-01-01T00:00:00Z"))
    ) as service:
        log = shared / "data/uci_incident/dev_slice_incident_event_log.csv.gz"
        service.import_log(log, folder / "incidents.mapping.toml")
        findings = [finding for finding, _, _ in service.check()]
    assert len({finding.ref for finding in findings}) == reference["incidents"] == 2504
    failed = Counter(finding.rule for finding in findings if finding.verdict is Verdict.failed)
    assert failed == {
        "incidents.taken_up_within_24h": reference["ack_A1_first_row_state_not_New"][
            "gt_24h_count"
        ],
        "incidents.owned_when_closed": reference["closed_without_assigned_to_on_last_row_count"],
        "incidents.symptom_when_closed": reference["closed_without_symptom_count"],
        "incidents.category_when_closed": reference["closed_without_category_count"],
        "incidents.closed_code_ever": reference["closed_without_closed_code_count"],
        "incidents.resolver_ever": reference["closed_without_resolved_by_count"],
    }
    in_time = [
        finding for finding in findings if finding.rule == "incidents.closed_code_at_closing"
    ]
    assert {finding.verdict for finding in in_time} == {Verdict.unknown}
    assert len(in_time) >= reference["incidents"]
