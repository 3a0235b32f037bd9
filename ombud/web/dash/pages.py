"""The pages of the dashboard in the order of the rail, and the forms that act."""

from __future__ import annotations

from typing import Final

from ombud.web.dash import (
    actions,
    clocks,
    complaint,
    complaints,
    disputes,
    exports,
    flow,
    overview,
    reports,
    rules,
    theme,
    triage,
    waivers,
)
from ombud.web.dash.chart_server import chart_pages
from ombud.web.dash.page import Form, Page

#: In the order of the rail; pages without a title are reached from others.
PAGES: Final[tuple[Page, ...]] = (
    Page("/", "Overview", "", overview.show),
    *chart_pages("right-by-week", overview.chart),
    Page("/complaints", "Complaints", "", complaints.show),
    Page(
        "/complaint/{account}/{ticket:path}/evidence.json",
        "",
        "",
        complaint.show_evidence,
        "export",
    ),
    Page("/complaint/{account}/{ticket:path}", "", "", complaint.show),
    Page("/rules", "Rules", "", rules.show),
    Page("/rules/{pack}/{rule}", "", "", rules.show_one),
    Page("/clocks", "Clocks", "Look closer", clocks.show),
    *chart_pages("clock-used", clocks.used_chart),
    *chart_pages("clock-open", clocks.open_chart),
    *chart_pages("clock-weeks", clocks.weeks_chart),
    *chart_pages("clock-budget", clocks.budget_chart),
    Page("/flow", "Flow", "Look closer", flow.show),
    Page("/triage", "Triage", "Decide", triage.show),
    Page("/triage/samples/{sample}", "", "", triage.show_sample),
    Page("/waivers", "Waivers", "Decide", waivers.show),
    Page("/waivers/new", "", "", waivers.show_new, "waive_request"),
    Page("/disputes", "Disputes", "Decide", disputes.show),
    Page("/disputes/new", "", "", disputes.show_new, "waive_request"),
    Page("/actions", "Corrective actions", "Decide", actions.show),
    Page("/actions/{name}", "", "", actions.show_one),
    Page("/reports", "Reports", "Report", reports.show),
    Page("/reports/review", "Management review", "Report", reports.show_review),
    Page("/reports/review.pdf", "", "", reports.show_paper, "export"),
    Page("/reports/kpi/{month}", "", "", reports.show_month),
    Page("/reports/survey", "Satisfaction", "Report", reports.show_survey),
    Page("/export/log.xes", "", "", exports.show_log, "export"),
    Page("/export/{file}", "", "", exports.show, "export"),
    Page("/deadlines.ics", "", "", exports.show_calendar, "export"),
)
FORMS: Final[tuple[Form, ...]] = (
    Form("/theme", "read", theme.choose),
    Form("/reports/kpi", "snapshot_make", reports.do_month),
    Form("/reports/entries", "action_edit", reports.do_entry),
    Form("/reports/entries/end", "action_edit", reports.do_end),
    Form("/reports/survey", "survey_import", reports.do_survey),
    Form("/reports/schedules", "report_schedule", reports.do_schedule),
    Form("/reports/schedules/drop", "report_schedule", reports.do_drop),
    Form("/waivers/new", "waive_request", waivers.do_new),
    Form("/waivers/explain", "waive_request", waivers.do_explain),
    Form("/waivers/{name}/approve", "waive_approve", waivers.do_approve),
    Form("/waivers/{name}/refuse", "waive_approve", waivers.do_refuse),
    Form("/waivers/{name}/revoke", "waive_approve", waivers.do_revoke),
    Form("/disputes/new", "waive_request", disputes.do_new),
    Form("/disputes/{name}/decide", "dispute_decide", disputes.do_decide),
    Form("/triage/samples", "triage_decide", triage.do_draw),
    Form("/triage/samples/{sample}", "triage_decide", triage.do_answer),
    Form("/triage/{account}/{ticket}", "triage_decide", triage.do_decide),
    Form("/actions/new", "action_edit", actions.do_new),
    Form("/actions/{name}/done", "action_edit", actions.do_finish),
    Form("/actions/{name}/check", "action_edit", actions.do_check),
    Form("/actions/{name}/drop", "action_edit", actions.do_drop),
)
