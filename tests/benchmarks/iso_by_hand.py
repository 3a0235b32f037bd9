"""The strict profile of iso10002 as somebody who knows the tables of facts would write it in DuckDB's SQL.

Unknown is NULL, empty is '' or -1 or -1e300; an empty field makes a condition of `when` true and one of
`must` false. What a rule says that needs no word is left out.
"""

from __future__ import annotations

import itertools

#: An empty severity, too, is serious.
_SERIOUS = "f_severity IN ('high', 'critical', '')"
_NO_EXIT = "f_exit = ''"
_AT_ONCE = (
    "(f_severity <> '' AND f_severity NOT IN ('high', 'critical') "
    "AND f_summary_resolution <> '' AND f_summary_resolution = 'yes')"
)
#: Tracks: each takes what those before it left; spam is an exit of its own.
EXIT = "f_exit NOT IN ('spam', '')"
AT_ONCE = f"{_NO_EXIT} AND {_AT_ONCE}"
SERIOUS = f"{_NO_EXIT} AND NOT {_AT_ONCE} AND {_SERIOUS}"
STANDARD = f"{_NO_EXIT} AND NOT {_AT_ONCE} AND NOT {_SERIOUS}"
OPEN = f"({SERIOUS}) OR ({STANDARD})"
ANSWERED = f"({AT_ONCE}) OR {OPEN}"
NO_SPAM = f"({EXIT}) OR {ANSWERED}"
#: Rules that hold for complaints that are to be answered, and for those that go the whole way.
OF_ANSWERED = [
    "receipt.complete",
    "receipt.category",
    "receipt.complainant_known",
    "receipt.org_unit",
    "receipt.contact_route",
    "receipt.representative",
    "receipt.described",
    "receipt.immediate_action",
    "track.reopening_explained",
    "assess.severity",
    "assess.safety",
    "assess.safety_is_critical",
    "assess.complexity_and_impact",
    "assess.immediate_action",
    "assess.immediate_action_done",
    "investigate.not_investigated",
    "investigate.method",
    "investigate.both_sides",
    "respond.remedy_offered",
    "respond.delay_explained",
    "respond.delay_announced",
    "respond.remedy_kind",
    "decide.recourse_told",
    "recourse.complete",
    "recourse.both_ways",
    "recourse.external_route",
    "recourse.external_outcome",
    "close.outcome",
    "close.rejection_keeps_open",
    "close.silence_is_not_consent",
    "close.silence_notice",
    "close.remedy_done",
    "improve.root_cause_found",
    "improve.root_cause_category",
    "improve.other_in_words",
]
OF_OPEN = [
    "track.no_stage_skipped",
    "track.work_in_order",
    "track.answer_in_order",
    "investigate.recorded",
    "investigate.second_reviewer",
    "investigate.sources",
    "respond.every_point",
    "decide.told_before_close",
    "close.after_response",
    "close.four_eyes",
    "close.with_root_cause",
]


def _present(*names: str) -> str:
    return " AND ".join(
        f"{name} <> {'-1' if name.startswith('m_') or name in INSTANTS else chr(39) * 2}"
        for name in names
    )


def _differ(one: str, other: str) -> str:
    return f"{one} <> {other} AND {one} <> '' AND {other} <> ''"


def _order(*names: str) -> str:
    return " AND ".join([_present(*names), *(f"{a} <= {b}" for a, b in itertools.pairwise(names))])


INSTANTS = frozenset(
    {"f_received_at", "f_problem_date", "f_recourse_until", "f_action_due", "f_response_due", "f_new_response_date", "f_silence_until"}
)  # fmt: skip
_ROOT_CAUSES = (
    "('process', 'people', 'product', 'information', 'system', 'supplier', 'policy', 'other')"
)
_REMEDIES = (
    "('refund', 'replacement', 'repair', 'substitute', 'technical_help', 'information', 'referral', "
    "'financial_help', 'compensation', 'apology', 'goodwill', 'process_change')"
)
_REFUSED = "f_complainant_response <> '' AND f_complainant_response = 'rejected'"
_SILENT = "f_complainant_response <> '' AND f_complainant_response = 'no_reply'"

#: Stage entered (`None`: the complaint as a whole) -> rule -> when it applies, and what must hold.
GUARDS: dict[str | None, dict[str, tuple[str | None, str]]] = {
    "acknowledged": {
        "receipt.complete": (None, _present("f_channel", "f_product", "f_remedy_sought")),
        "receipt.complainant_known": (None, _present("f_complainant")),
        "receipt.details": (None, _present("f_received_at", "f_received_by")),
        "receipt.contact_route": (None, "f_anonymous = 'yes' OR f_contact_route <> ''"),
        "track.reference": (None, _present("f_reference")),
    },
    "assessed": {
        "receipt.category": (None, _present("f_category")),
        "receipt.org_unit": (None, _present("f_org_unit")),
        "receipt.representative": (
            _present("f_represented_person"),
            _present("f_authority_evidence"),
        ),
        "receipt.described": (
            None,
            _present("f_problem_description", "f_problem_date", "f_recurring_problem"),
        ),
        "receipt.immediate_action": (
            None,
            "f_immediate_action_taken <> '' AND (f_immediate_action_taken = 'no' OR f_immediate_action_text <> '')",
        ),
        "acknowledge.process_told": (OPEN, _present("m_process_told")),
    },
    "investigating": {
        "track.owner": (None, _present("f_owner")),
        "acknowledge.before_work": (NO_SPAM, _present("m_acknowledged")),
        "assess.severity": (None, _present("f_severity")),
        "assess.safety": (None, "f_safety_implication NOT IN ('unknown', '')"),
        "assess.safety_is_critical": ("f_safety_implication = 'yes'", "f_severity = 'critical'"),
        "assess.complexity_and_impact": (None, _present("f_complexity", "f_impact")),
        "assess.immediate_action": (
            None,
            _present("f_immediate_action_needed", "f_immediate_action_possible"),
        ),
        "assess.priority_follows_severity": (
            SERIOUS,
            "CASE WHEN f_work_priority IN ('high', 'urgent') THEN true WHEN f_work_priority IN ('low', 'normal', '') THEN false END",
        ),
        "assess.compensation": (OPEN, _present("f_compensation_likely")),
        "objectivity.other_unit": (
            f"({SERIOUS}) AND f_subject_unit <> ''",
            _differ("f_handling_unit", "f_subject_unit"),
        ),
    },
    "responded": {
        "assess.immediate_action_done": (
            "f_immediate_action_needed = 'yes' AND f_immediate_action_possible = 'yes'",
            _present("m_immediate_action_done"),
        ),
        "investigate.recorded": (None, _present("f_investigation_summary")),
        "investigate.second_reviewer": (_SERIOUS, _differ("f_reviewer", "f_owner")),
        "investigate.sources": (
            None,
            "f_investigation_sources <> '' OR f_no_investigation_reason <> ''",
        ),
        "investigate.not_investigated": (
            _present("f_no_investigation_reason"),
            _present("f_no_investigation_by"),
        ),
        "investigate.method": (
            f"{_SERIOUS} OR f_recurring_problem = 'yes'",
            "f_root_cause_method <> '' OR f_problem_ref <> ''",
        ),
        "investigate.both_sides": (_present("f_subject_person"), _present("f_subject_account")),
        "respond.remedy_offered": (None, _present("f_remedy_offered")),
        "respond.delay_announced": (
            "f_response_due <> -1 AND m_responded <> -1 AND m_responded > f_response_due",
            "m_holding_sent <= f_response_due AND m_holding_sent <> -1 AND f_response_due <> -1",
        ),
        "respond.remedy_kind": (None, f"f_remedy_kind IN {_REMEDIES} OR f_no_remedy_reason <> ''"),
        "respond.every_point": (
            None,
            "f_issues_answered = f_issues_raised AND f_issues_answered <> -1e300 AND f_issues_raised <> -1e300",
        ),
        "objectivity.reviewer_not_subject": (
            _present("f_subject_person", "f_reviewer"),
            _differ("f_reviewer", "f_subject_person"),
        ),
        "access.language": (
            _present("f_complainant_language"),
            "f_language = f_complainant_language AND f_language <> '' AND f_complainant_language <> ''",
        ),
        "access.accommodation": (
            _present("f_accommodation_need"),
            _present("f_accommodation_made"),
        ),
    },
    "closed": {
        "track.no_stage_skipped": (
            None,
            _present("m_acknowledged", "m_assessed", "m_investigated", "m_responded"),
        ),
        "track.work_in_order": (None, _order("m_acknowledged", "m_assessed", "m_investigated")),
        "track.answer_in_order": (None, _order("m_investigated", "m_responded", "m_decided")),
        "decide.told_before_close": (None, _present("m_decision_told")),
        "decide.recourse_told": (
            "f_outcome IN ('partly', 'not_upheld', '')",
            _present("f_recourse_told"),
        ),
        "decide.reasons_given": (OPEN, _present("f_decision_reasons")),
        "recourse.complete": (
            "f_outcome IN ('partly', 'not_upheld')",
            _present("f_recourse_body", "f_recourse_contact", "f_recourse_until"),
        ),
        "recourse.both_ways": (
            _REFUSED,
            _present("m_internal_recourse_offered", "m_external_recourse_told"),
        ),
        "recourse.external_route": (
            "f_outcome = 'referred'",
            _present("f_adr_body", "f_adr_reference"),
        ),
        "close.after_response": (None, _present("m_responded")),
        "close.outcome": (None, _present("f_outcome")),
        "close.rejection_keeps_open": (_REFUSED, _present("f_recourse_told")),
        "close.silence_is_not_consent": (_SILENT, "f_contact_attempts >= 2"),
        "close.four_eyes": (_SERIOUS, _differ("f_approver", "f_owner")),
        "close.response_asked": (OPEN, _present("f_complainant_response")),
        "close.silence_notice": (
            f"{_SILENT} AND m_reopened = -1",
            "f_silence_until <= m_closed AND f_silence_until <> -1 AND m_closed <> -1",
        ),
        "close.remedy_done": (
            "f_complainant_response = 'accepted' AND f_remedy_kind <> 'none'",
            _present("m_remedy_done"),
        ),
        "close.correction_verified": (SERIOUS, _differ("f_verified_by", "f_corrected_by")),
        "close.redress_approved": ("f_redress_amount >= 500", _differ("f_approver", "f_owner")),
        "close.with_root_cause": (
            _SERIOUS,
            "f_root_cause NOT IN ('unknown', '') AND f_corrective_action <> ''",
        ),
        "improve.root_cause_found": (
            "f_outcome IN ('upheld', 'partly') OR f_recurring_problem = 'yes'",
            "f_problem_ref <> '' OR f_root_cause NOT IN ('unknown', '')",
        ),
        "improve.root_cause_category": (
            _present("f_root_cause"),
            f"f_root_cause IN {_ROOT_CAUSES}",
        ),
        "improve.other_in_words": ("f_root_cause = 'other'", _present("f_root_cause_text")),
        "improve.action_owned": (
            _present("f_corrective_action"),
            "f_problem_ref <> '' OR f_no_action_reason <> '' OR (f_action_owner <> '' AND f_action_due <> -1)",
        ),
        "improve.problem_type": (OPEN, _present("f_problem_type")),
        "objectivity.approver_not_subject": (
            _present("f_subject_person", "f_approver"),
            _differ("f_approver", "f_subject_person"),
        ),
        "summary.accepted": (AT_ONCE, "f_complainant_response = 'accepted'"),
        "exit.duplicate_names_original": (
            "f_exit = 'duplicate'",
            _differ("f_original_ref", "f_reference"),
        ),
        "exit.withdrawal_on_record": ("f_exit = 'withdrawn'", _present("f_withdrawal_word")),
        "exit.out_of_scope_explained": (
            "f_exit = 'out_of_scope'",
            _present("f_exit_reason", "f_referred_to"),
        ),
        "exit.spam_second_look": ("f_exit = 'spam'", _differ("f_second_look_by", "f_owner")),
    },
    None: {
        "receipt.not_after_recording": (
            _present("f_received_at"),
            "f_received_at <= m_recorded AND f_received_at <> -1 AND m_recorded <> -1",
        ),
        "track.reopening_explained": (_present("m_reopened"), _present("f_reopen_reason")),
        "respond.delay_explained": (
            _present("m_holding_sent"),
            _present("f_delay_reason", "f_new_response_date"),
        ),
        "recourse.external_outcome": (_present("m_adr_decided"), _present("f_adr_outcome")),
        "objectivity.handler_not_subject": (
            _present("f_subject_person"),
            _differ("f_owner", "f_subject_person"),
        ),
        "objectivity.not_own_act": (_present("f_disputed_by"), _differ("f_owner", "f_disputed_by")),
        "confidentiality.no_leak": (None, "m_leak_found = -1"),
        "charge.none": (
            "f_charge_amount <> -1e300",
            "f_charge_amount <= 0 AND f_charge_amount <> -1e300",
        ),
    },
}


def counted(when: str | None, must: str) -> list[str]:
    """Count passes, failures, unknowns and spared rows of one rule."""
    if when is None:
        return [
            f"count(*) FILTER (WHERE {must})",
            f"count(*) FILTER (WHERE NOT ({must}))",
            f"count(*) FILTER (WHERE ({must}) IS NULL)",
            "0",
        ]
    passes = f"({must}) AND ({when}) IS DISTINCT FROM false"
    return [
        f"count(*) FILTER (WHERE {passes})",
        f"count(*) FILTER (WHERE ({when}) AND NOT ({must}))",
        f"count(*) FILTER (WHERE (({when}) IS NULL AND ({must}) IS DISTINCT FROM true) OR (({when}) AND ({must}) IS NULL))",
        f"count(*) FILTER (WHERE NOT ({when}))",
    ]


def applies(rule: str, when: str | None) -> str | None:
    """Give when a rule applies, its tracks included."""
    track = ANSWERED if rule in OF_ANSWERED else OPEN if rule in OF_OPEN else None
    told = [f"({each})" for each in (track, when) if each is not None]
    return " AND ".join(told) or None


def stage_sql(stage: str | None) -> str:
    """Count every rule of one stage in one statement."""
    counts = [
        each
        for rule, (when, must) in GUARDS[stage].items()
        for each in counted(applies(rule, when), must)
    ]
    source = "complaint" if stage is None else f"transition WHERE entering = '{stage}'"
    return f"SELECT {', '.join(counts)} FROM {source}"


def dues_sql(source: str, now: int) -> str:
    """Count the verdicts of one rule's dues in one statement."""
    verdict = f"""
        CASE
          WHEN recheck <= {now} THEN after
          WHEN told IS NOT NULL THEN told
          WHEN due IS NULL THEN 'pending'
          WHEN stop <= due THEN 'pass'
          WHEN stop > due OR due < {now} THEN 'fail'
          ELSE 'pending'
        END"""
    return f"SELECT {verdict} AS verdict, count(*) FROM {source} GROUP BY verdict"
