"""The database: the only place that imports a driver."""

from __future__ import annotations

from ombud.store.access import (
    ONCE,
    SETUP,
    Access,
    AuditRow,
    SessionRow,
    StaffRow,
    Taken,
    TokenRow,
    ViewRow,
)
from ombud.store.acts import (
    Acts,
    DisputeRow,
    ExplanationRow,
    ForceRow,
    ReviewRow,
    RunRow,
    StepRow,
    StopRow,
    WaiverRow,
    WordRow,
    name_of,
)
from ombud.store.backup import restore_backup
from ombud.store.documents import DocumentRow, Documents, Shelf
from ombud.store.errors import Busy, StaleLease, StoreError
from ombud.store.improve import (
    CorrectiveRow,
    Improving,
    Outside,
    SampledRow,
    SampleRow,
    TriageRow,
)
from ombud.store.journal import Entry, Logged
from ombud.store.ledger import Standing
from ombud.store.live import Hint, LedgerRow, Live, Waiting
from ombud.store.postgresql import BY_DUMP, SCHEME
from ombud.store.reports import AnswerRow, EntryRow, Reports, ScheduleRow, SnapshotRow
from ombud.store.store import Store, open_store
from ombud.store.tellings import Notice, Telling
from ombud.store.transaction import Transaction
from ombud.store.values import QUARANTINE, Interval, Posted, Posting, Settled, TicketState, Triage

__all__ = [
    "BY_DUMP",
    "ONCE",
    "QUARANTINE",
    "SCHEME",
    "SETUP",
    "Access",
    "Acts",
    "AnswerRow",
    "AuditRow",
    "Busy",
    "CorrectiveRow",
    "DisputeRow",
    "DocumentRow",
    "Documents",
    "Entry",
    "EntryRow",
    "ExplanationRow",
    "ForceRow",
    "Hint",
    "Improving",
    "Interval",
    "LedgerRow",
    "Live",
    "Logged",
    "Notice",
    "Outside",
    "Posted",
    "Posting",
    "Reports",
    "ReviewRow",
    "RunRow",
    "SampleRow",
    "SampledRow",
    "ScheduleRow",
    "SessionRow",
    "Settled",
    "Shelf",
    "SnapshotRow",
    "StaffRow",
    "StaleLease",
    "Standing",
    "StepRow",
    "StopRow",
    "Store",
    "StoreError",
    "Taken",
    "Telling",
    "TicketState",
    "TokenRow",
    "Transaction",
    "Triage",
    "TriageRow",
    "ViewRow",
    "Waiting",
    "WaiverRow",
    "WordRow",
    "name_of",
    "open_store",
    "restore_backup",
]
