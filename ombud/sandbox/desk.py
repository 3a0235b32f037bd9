"""The complaints desk the sandbox opens with: its people, fields, projects and workflows."""

from __future__ import annotations

from ombud.sandbox.records import (
    Field,
    IssueType,
    Person,
    Project,
    Status,
    Transition,
    Validator,
    Workflow,
)

#: The account our product signs in with; it lives in another zone than the desk, which matters for JQL.
API_ACCOUNT = Person(
    "acc-ombud", "Complaints watch", "ombud@sandbox.test", "ombud", time_zone="America/New_York"
)

PEOPLE = (
    API_ACCOUNT,
    Person("acc-anna", "Anna Vogel", "anna.vogel@sandbox.test", "agent"),
    Person("acc-bert", "Bert Kaya", "bert.kaya@sandbox.test", "agent"),
    Person("acc-cleo", "Cleo Marx", "cleo.marx@sandbox.test", "agent"),
    Person("acc-dina", "Dina Roth", "dina.roth@sandbox.test", "agent"),
    Person(
        "acc-emil", "Emil Novak", "emil.novak@sandbox.test", "agent", time_zone="America/New_York"
    ),
    Person(
        "acc-faye", "Faye Okafor", "faye.okafor@sandbox.test", "agent", time_zone="America/New_York"
    ),
    Person("acc-gone", "Former user", "", "agent", active=False),
    Person("acc-robot", "Automation for Jira", "", "automation", time_zone="Etc/UTC"),
    Person("acc-app", "Survey app", "", "app", time_zone="Etc/UTC"),
    Person("acc-c01", "Karla Kunde", "karla.kunde@customer.test", "customer"),
    Person("acc-c02", "Ludwig Lang", "ludwig.lang@customer.test", "customer"),
    Person("acc-c03", "Mona Meier", "mona.meier@customer.test", "customer"),
    Person("acc-c04", "Nils Neumann", "nils.neumann@customer.test", "customer"),
    Person("acc-c05", "Olga Ott", "olga.ott@customer.test", "customer"),
)

STATUSES = (
    Status("10001", "Open", "new"),
    Status("10002", "Acknowledged", "indeterminate"),
    Status("10003", "Assessed", "indeterminate"),
    Status("10004", "Investigating", "indeterminate"),
    Status("10005", "Waiting for customer", "indeterminate"),
    Status("10006", "Responded", "indeterminate"),
    Status("10007", "Decided", "indeterminate"),
    Status("10008", "Triage", "indeterminate"),
    Status("10009", "Parked", "indeterminate"),
    Status("10010", "Done", "done"),
)

ISSUE_TYPES = (
    IssueType("10001", "Complaint"),
    IssueType("10002", "Question"),
    IssueType("10003", "Request"),
)
#: Whom a project mails: event's number and name, kinds of recipients.
MAILED = (
    (1, "Issue Created", ("Reporter", "AllWatchers")),
    (6, "Issue Commented", ("Reporter", "CurrentAssignee")),
    (7, "Issue Reopened", ("Reporter", "CurrentAssignee", "AllWatchers")),
)
RESOLUTIONS = {"10000": "Done", "10001": "Won't Do", "10002": "Duplicate"}
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
#: Entering one of these statuses sets the resolution, as a post-function does; going back leaves it standing.
RESOLVES = {"10010": "10000"}

SYSTEM_FIELDS = (
    Field("summary", "Summary", "text", custom=False),
    Field("description", "Description", "textarea", custom=False),
    Field("labels", "Labels", "labels", custom=False),
    Field("assignee", "Assignee", "user", custom=False),
    Field("reporter", "Reporter", "user", custom=False),
    Field("priority", "Priority", "option", PRIORITIES, custom=False),
    Field("resolution", "Resolution", "option", RESOLUTIONS, custom=False),
    Field("duedate", "Due date", "date", custom=False),
)

CUSTOM_FIELDS = (
    Field(
        "customfield_10040",
        "Severity",
        "option",
        {"10201": "Low", "10202": "Medium", "10203": "High", "10204": "Critical"},
    ),
    Field(
        "customfield_10041",
        "Channel",
        "option",
        {"10211": "Phone", "10212": "E-mail", "10213": "Web", "10214": "Letter"},
    ),
    Field(
        "customfield_10042",
        "Root cause",
        "option",
        {
            "10221": "Billing",
            "10222": "Delivery",
            "10223": "Product",
            "10224": "Conduct",
            "10225": "Other",
            "10226": "Unknown",
        },
    ),
    Field("customfield_10043", "Corrective action", "textarea"),
    Field("customfield_10044", "Product", "text"),
    Field(
        "customfield_10045",
        "Complaint category",
        "option",
        {"10231": "Billing", "10232": "Quality", "10233": "Delivery", "10234": "Conduct"},
    ),
    Field("customfield_10046", "Remedy sought", "text"),
    Field(
        "customfield_10047",
        "Safety implication",
        "option",
        {"10241": "Yes", "10242": "No", "10243": "Unknown"},
    ),
    Field("customfield_10048", "Investigation summary", "textarea"),
    Field("customfield_10049", "Remedy offered", "textarea"),
    Field(
        "customfield_10050",
        "Outcome",
        "option",
        {"10251": "Upheld", "10252": "Partly upheld", "10253": "Not upheld", "10254": "Withdrawn"},
    ),
    Field("customfield_10051", "Approver", "user"),
    Field("customfield_10052", "Person complained about", "user"),
    Field("customfield_10053", "Received at", "datetime"),
    Field("customfield_10054", "Reason why no complaint", "text"),
    Field("customfield_10055", "Complainant", "user"),
    Field("customfield_10060", "Product line (free)", "text"),
    Field("customfield_10061", "Contact attempts", "number"),
    Field(
        "customfield_10062",
        "Regions",
        "options",
        {"10261": "North", "10262": "South", "10263": "West"},
    ),
    # Names are not unique in Jira: this one has nothing to do with the complaint's severity.
    Field("customfield_10063", "Severity", "option", {"10271": "S1", "10272": "S2"}),
    Field("customfield_10064", "Reason for reopening", "text"),
    Field("customfield_10019", "Rank", "rank"),
)

FIELDS = SYSTEM_FIELDS + CUSTOM_FIELDS
#: Fields an edit may set; what is missing here is "not on the appropriate screen".
EDIT_SCREEN = tuple(
    field.id for field in FIELDS if field.id not in ("resolution", "customfield_10019")
)

_OUTCOME, _SUMMARY, _REOPEN = "customfield_10050", "customfield_10048", "customfield_10064"
_COMPLAINTS = (
    Transition("11", "Acknowledge", ("10001",), "10002"),
    Transition("21", "Assess", ("10002",), "10003"),
    Transition("31", "Start investigation", ("10003",), "10004"),
    Transition("32", "Start investigation", ("10002",), "10004"),
    Transition("41", "Ask the customer", ("10004",), "10005"),
    Transition("42", "Customer replied", ("10005",), "10004"),
    Transition("51", "Respond", ("10004",), "10006"),
    Transition("52", "Look again", ("10006",), "10004"),
    Transition(
        "61",
        "Finish",
        ("10006",),
        "10007",
        screen=(_OUTCOME,),
        validator=Validator(_OUTCOME, "Outcome is required before a decision."),
    ),
    Transition("62", "Finish", ("10006",), "10010"),
    Transition("71", "Close", ("10007",), "10010", screen=("resolution", _OUTCOME)),
    Transition("72", "Close", ("10004",), "10010"),
    Transition("73", "Close", ("10002",), "10010"),
    Transition("74", "Close (no reply)", ("10001",), "10010"),
    Transition("81", "Reopen", ("10010",), "10004", clears_resolution=True),
    Transition("82", "Back to answer", ("10010",), "10006"),
    Transition(
        "83",
        "Back to decision with reason",
        ("10010",),
        "10007",
        screen=(_REOPEN, "resolution"),
        required=(_REOPEN,),
    ),
    Transition("84", "Back to decision", ("10010",), "10007"),
    Transition(
        "85",
        "Back to acknowledged",
        ("10010",),
        "10002",
        validator=Validator("assignee", "An assignee is required to go back."),
    ),
    Transition("86", "Back to open", ("10010",), "10001"),
    Transition("91", "Close silently", (), "10010", roles=("automation",)),
)
_TWO_HOPS = (
    Transition("111", "Triage", ("10001",), "10008"),
    Transition("121", "Start investigation", ("10008",), "10004"),
    Transition("131", "Close", ("10004", "10008"), "10010"),
    Transition("141", "Reopen", ("10010",), "10008"),
)
_TERMINAL = (
    Transition("211", "Start investigation", ("10001",), "10004"),
    Transition("221", "Close", ("10004", "10001"), "10010"),
)

WORKFLOWS = (
    Workflow(
        "6c1f5c0e-8f1b-4a53-9c7e-0d6a1a1b0001",
        "Complaints workflow",
        ("10001", "10002", "10003", "10004", "10005", "10006", "10007", "10010"),
        _COMPLAINTS,
    ),
    Workflow(
        "6c1f5c0e-8f1b-4a53-9c7e-0d6a1a1b0002",
        "Operations workflow",
        ("10001", "10008", "10004", "10010"),
        _TWO_HOPS,
    ),
    Workflow(
        "6c1f5c0e-8f1b-4a53-9c7e-0d6a1a1b0003",
        "Archive workflow",
        ("10001", "10004", "10010"),
        _TERMINAL,
    ),
)


def projects() -> list[Project]:
    """Return fresh projects: complaints, ordinary support, and two with awkward ways back."""
    complaints, operations, archive = (workflow.id for workflow in WORKFLOWS)
    return [
        Project("10000", "CMP", "Complaints", ("10001", "10002"), complaints),
        Project("10001", "SUP", "Support", ("10003", "10002"), complaints),
        Project("10002", "OPS", "Operations", ("10001", "10003"), operations, kind="software"),
        Project("10003", "ARC", "Archive", ("10001", "10003"), archive, kind="business"),
    ]
