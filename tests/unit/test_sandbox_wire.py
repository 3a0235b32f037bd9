"""The sandbox's Jira over HTTP: what a client sees, and what it is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import World

START = datetime(2026, 10, 12, 7, 30, tzinfo=UTC)
NO_ISSUE = "Issue does not exist or you do not have permission to see it."


def document(text):
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]
    return {"type": "doc", "version": 1, "content": content}


class Client:
    def __init__(self, server, version="3"):
        self.session = requests.Session()
        self.session.auth = (server.email, server.token)
        self.root = f"{server.url}/rest/api/{version}"

    def __call__(self, method, path, **more):
        return self.session.request(method, self.root + path, **more)

    def search(self, **body):
        return self("POST", "/search/jql", json=body)


@pytest.fixture
def server():
    world = World(SteppableClock(START + timedelta(days=2)))
    for number in range(7):
        world.create(
            "CMP",
            "Complaint",
            {"summary": f"Complaint {number}", "customfield_10053": "2026-10-12T09:00:00+02:00"},
            "acc-c01",
            START + timedelta(minutes=number),
        )
    with start_in_thread(world) as running:
        yield running


@pytest.fixture
def jira(server):
    client = Client(server)
    yield client
    client.session.close()


def everything(jira, **body):
    rows, token = [], None
    while True:
        page = jira.search(**body, **({"nextPageToken": token} if token else {})).json()
        rows += page["issues"]
        token = page.get("nextPageToken")
        assert page["isLast"] is (token is None)
        if token is None:
            return [row["id"] for row in rows]


@pytest.mark.parametrize("order", ["updated ASC", "updated DESC", "id ASC", "created", "key DESC"])
def test_pages_add_up_to_the_whole(jira, order):
    ids = everything(jira, jql=f"project = CMP ORDER BY {order}", maxResults=3)
    assert sorted(ids) == [str(number) for number in range(10101, 10108)]
    assert ids == sorted(ids, reverse=order in ("updated DESC", "created", "key DESC"))


def test_a_search_that_names_no_field_gets_ids(jira):
    page = jira.search(jql="key = CMP-1").json()
    assert page == {"issues": [{"id": "10101"}], "isLast": True}


def test_fields_are_named_taken_away_or_all(jira):
    def fields(*wanted):
        row = jira.search(jql="key = CMP-1", fields=list(wanted)).json()["issues"][0]
        return set(row.get("fields", ()))

    assert fields("id", "key") == set()
    assert fields("summary", "nonsense") == {"summary"}
    everything = fields("*all")
    assert fields("*navigable") == everything - {"comment"}
    assert fields("*navigable", "comment") == everything
    assert fields("*all", "-status") == everything - {"status"}


def test_many_fields_make_short_pages(jira, server):
    server.site.page_cap = 2
    page = jira.search(jql="project = CMP", fields=["*all"], maxResults=100).json()
    assert len(page["issues"]) == 2
    assert page["isLast"] is False


@pytest.mark.parametrize(
    "body,message",
    [
        ({"jql": "order by key"}, "Unbounded JQL queries are not allowed here."),
        ({"jql": "project = CMP", "maxResults": 6000}, "has to be between 1 and 5,000"),
        ({"jql": "project = CMP", "nextPageToken": "x"}, "token is invalid or expired"),
        ({"jql": "project = CMP", "startAt": 0}, "Invalid request payload"),
        ({"jql": "project = CMP", "fields": "summary"}, "Invalid request payload"),
        ({"jql": "project = CMP", "expand": ["changelog"]}, "Invalid request payload"),
        ({"jql": "project = NOPE"}, "does not exist for the field 'project'"),
    ],
)
def test_a_search_out_of_line_is_refused(jira, body, message):
    answer = jira.search(**body)
    assert answer.status_code == 400
    assert message in answer.json()["errorMessages"][0]


def test_a_page_token_ends_with_its_week_and_fits_one_query(jira, server):
    token = jira.search(jql="project = CMP", maxResults=2).json()["nextPageToken"]
    assert jira.search(jql="project = SUP", nextPageToken=token).status_code == 400
    assert jira.search(jql="project = CMP", nextPageToken=token).status_code == 200
    server.world.clock.advance(7 * 86_400)
    assert jira.search(jql="project = CMP", nextPageToken=token).status_code == 400


def test_a_reconciled_ticket_is_fresh_while_the_index_lags(jira, server):
    server.world.index.lag_seconds = 60
    jira("PUT", "/issue/CMP-1", json={"fields": {"summary": "Fresh"}})
    asked = {"jql": "key = CMP-1", "fields": ["summary"]}
    stale = jira.search(**asked).json()["issues"][0]
    fresh = jira.search(**asked, reconcileIssues=[10101]).json()["issues"][0]
    assert stale["fields"]["summary"] == "Complaint 0"
    assert fresh["fields"]["summary"] == "Fresh"
    assert jira("GET", "/issue/CMP-1").json()["fields"]["summary"] == "Fresh"


def test_the_search_that_is_gone_says_so(jira):
    assert jira("GET", "/search", params={"jql": "project = CMP"}).status_code == 410


def test_a_search_in_the_address_reads_lists_and_numbers(jira):
    page = jira(
        "GET",
        "/search/jql",
        params={"jql": "project = CMP", "fields": "summary,status", "maxResults": 1},
    ).json()
    assert set(page["issues"][0]["fields"]) == {"summary", "status"}


def test_a_wrong_password_is_401_and_none_at_all_sees_nothing(server):
    root = server.url + "/rest/api/3"
    assert requests.get(root + "/myself", auth=("x", "y"), timeout=5).status_code == 401
    assert requests.get(root + "/myself", timeout=5).status_code == 401
    nothing = requests.post(root + "/search/jql", json={"jql": "nonsense ="}, timeout=5)
    assert (nothing.status_code, nothing.json()["issues"]) == (200, [])
    assert requests.get(root + "/issue/CMP-1", timeout=5).json()["errorMessages"] == [NO_ISSUE]


def test_times_are_printed_in_the_callers_zone(jira):
    fields = jira("GET", "/issue/CMP-1").json()["fields"]
    assert fields["created"] == "2026-10-12T03:30:00.000-0400"
    assert fields["customfield_10053"] == "2026-10-12T03:00:00.000-0400"
    assert jira("GET", "/myself").json()["timeZone"] == "America/New_York"


def test_deleted_and_never_there_are_one_answer(jira):
    assert jira("DELETE", "/issue/CMP-1").status_code == 204
    gone, never = jira("GET", "/issue/CMP-1"), jira("GET", "/issue/CMP-99")
    assert gone.status_code == never.status_code == 404
    assert gone.json() == never.json() == {"errorMessages": [NO_ISSUE], "errors": {}}


def test_a_moved_ticket_answers_to_its_old_key_with_its_new_one(jira, server):
    server.world.move("10101", "SUP")
    assert jira("GET", "/issue/CMP-1").json()["key"] == "SUP-1"


def test_labels_are_added_and_removed_one_by_one(jira):
    jira("PUT", "/issue/CMP-1", json={"update": {"labels": [{"add": "a"}, {"add": "b"}]}})
    jira("PUT", "/issue/CMP-1", json={"update": {"labels": [{"remove": "a"}]}})
    assert jira("GET", "/issue/CMP-1").json()["fields"]["labels"] == ["b"]
    refused = jira("PUT", "/issue/CMP-1", json={"update": {"labels": [{"add": "two words"}]}})
    assert "contains spaces" in refused.json()["errors"]["labels"]


def test_every_wrong_field_is_named(jira, server):
    server.world.edit_screens["CMP"].discard("labels")
    body = {
        "fields": {
            "customfield_10048": "plain text",
            "customfield_10040": {"value": "Enormous"},
            "labels": ["x"],
            "customfield_99999": 1,
        }
    }
    answer = jira("PUT", "/issue/CMP-1", json=body)
    errors = answer.json()["errors"]
    assert answer.status_code == 400
    assert set(errors) == set(body["fields"])
    assert "not on the appropriate screen" in errors["labels"]
    assert "Atlassian Document" in errors["customfield_10048"]


def test_long_text_is_a_document_in_v3_and_plain_in_v2(jira, server):
    jira("PUT", "/issue/CMP-1", json={"fields": {"customfield_10048": document("Checked.")}})
    old = Client(server, "2")
    assert old("GET", "/issue/CMP-1").json()["fields"]["customfield_10048"] == "Checked."
    assert old("PUT", "/issue/CMP-1", json={"fields": {"description": "x"}}).status_code == 204
    fields = jira("GET", "/issue/CMP-1").json()["fields"]
    assert fields["description"] == document("x")
    assert fields["customfield_10048"] == document("Checked.")
    old.session.close()


def test_a_comment_is_public_unless_its_property_hides_it(jira, server):
    hidden = [{"key": "sd.public.comment", "value": {"internal": True}}]
    open_ = jira("POST", "/issue/CMP-1/comment", json={"body": document("Hello")}).json()
    made = jira(
        "POST", "/issue/CMP-1/comment", json={"body": document("Note"), "properties": hidden}
    ).json()
    assert (open_["jsdPublic"], made["jsdPublic"]) == (True, False)
    server.world.move("10101", "OPS")
    rows = jira("GET", "/issue/10101/comment", params={"expand": "properties"}).json()["comments"]
    assert [row["jsdPublic"] for row in rows] == [True, True]
    assert rows[1]["properties"] == hidden


def test_a_comment_is_changed_and_deleted_by_who_may(jira, server):
    made = jira("POST", "/issue/CMP-1/comment", json={"body": document("a")}).json()
    at = f"/issue/CMP-1/comment/{made['id']}"
    assert jira("PUT", at, json={"body": document("b")}).json()["body"] == document("b")
    server.site.withheld["acc-ombud"] = {"EDIT_OWN_COMMENTS", "DELETE_OWN_COMMENTS"}
    assert jira("PUT", at, json={"body": document("c")}).status_code == 403
    assert jira("DELETE", at).status_code == 400
    server.site.withheld.clear()
    assert jira("DELETE", at).status_code == 204
    assert jira("GET", at).status_code == 404


def test_v3_takes_no_plain_comment(jira):
    answer = jira("POST", "/issue/CMP-1/comment", json={"body": "plain"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"comment": "Comment body is not valid!"}


def test_comments_inside_a_ticket_are_cut_and_paged_outside(jira, server):
    for number in range(25):
        server.world.comment("10101", "acc-anna", f"c{number}")
    inside = jira("GET", "/issue/CMP-1").json()["fields"]["comment"]
    assert (len(inside["comments"]), inside["total"]) == (20, 25)
    page = jira(
        "GET",
        "/issue/CMP-1/comment",
        params={"startAt": 20, "maxResults": 50, "orderBy": "created"},
    ).json()
    assert len(page["comments"]) == 5
    assert jira("GET", "/issue/CMP-1/comment?orderBy=updated").status_code == 400


def transitions(jira, issue, **query):
    return jira("GET", f"/issue/{issue}/transitions", params=query).json()["transitions"]


def test_transitions_depend_on_status_and_caller(jira, server):
    server.world.edit("10101", {}, "acc-anna", to_status="10006")
    rows = transitions(jira, "CMP-1")
    assert [(row["id"], row["name"], row["to"]["id"]) for row in rows] == [
        ("52", "Look again", "10004"),
        ("61", "Finish", "10007"),
        ("62", "Finish", "10010"),
    ]
    every = transitions(jira, "CMP-1", includeUnavailableTransitions="true")
    assert [row["id"] for row in every if not row["isAvailable"]] == ["91"]
    server.site.withheld["acc-ombud"] = {"TRANSITION_ISSUES"}
    assert transitions(jira, "CMP-1") == []


def test_a_screen_shows_what_it_requires_and_a_validator_does_not(jira, server):
    server.world.edit("10101", {}, "acc-anna", to_status="10010")
    rows = {row["id"]: row for row in transitions(jira, "CMP-1", expand="transitions.fields")}
    assert rows["83"]["fields"]["customfield_10064"]["required"] is True
    assert rows["85"]["fields"] == {}
    missing = jira("POST", "/issue/CMP-1/transitions", json={"transition": {"id": "83"}})
    assert missing.json()["errors"] == {"customfield_10064": "Reason for reopening is required."}
    invalid = jira("POST", "/issue/CMP-1/transitions", json={"transition": {"id": "85"}})
    assert invalid.status_code == 400
    assert invalid.json()["errorMessages"] == ["An assignee is required to go back."]


def test_a_transition_leaves_its_metadata_in_one_entry(jira, server):
    told = {"type": "tool", "generator": {"id": "x"}, "extraData": {"key": "k1"}}
    answer = jira(
        "POST",
        "/issue/CMP-1/transitions",
        json={
            "transition": {"id": 74},
            "historyMetadata": told,
            "update": {"comment": [{"add": {"body": document("Bye")}}]},
        },
    )
    assert answer.status_code == 204
    assert answer.content == b""
    page = jira("GET", "/issue/CMP-1/changelog").json()
    assert page["total"] == 1
    assert page["values"][0]["historyMetadata"] == told
    assert server.world.find("CMP-1").fields["resolution"] == "10000"
    again = jira("POST", "/issue/CMP-1/transitions", json={"transition": {"id": "74"}})
    assert again.json()["errorMessages"] == ["Transition id '74' is not valid for this issue."]


def test_a_status_in_an_edit_is_passed_over(jira):
    body = {"fields": {"status": {"id": "10010"}, "summary": "z"}}
    assert jira("PUT", "/issue/CMP-1", json=body).status_code == 204
    assert jira("GET", "/issue/CMP-1").json()["fields"]["status"]["id"] == "10001"


def test_the_workflow_shows_where_done_has_no_way_back(jira):
    asked = {"projectAndIssueTypes": [{"projectId": "10003", "issueTypeId": "10001"}]}
    graph = jira("POST", "/workflows", json=asked).json()["workflows"][0]
    sources = [link["fromStatusReference"] for row in graph["transitions"] for link in row["links"]]
    assert "10010" not in sources


def change_summary(server, times):
    for number in range(times):
        server.world.clock.advance(1)
        server.world.edit("10101", {"summary": f"s{number}"}, "acc-anna")


def test_history_is_whole_only_in_its_own_resource(jira, server):
    change_summary(server, 45)
    inside = jira.search(jql="key = CMP-1", fields=["summary"], expand="changelog").json()
    log = inside["issues"][0]["changelog"]
    assert (log["maxResults"], log["total"], len(log["histories"])) == (40, 45, 40)
    assert log["histories"][0]["items"][0]["toString"] == "s44"
    first = jira("GET", "/issue/CMP-1/changelog", params={"maxResults": 30}).json()
    second = jira("GET", "/issue/CMP-1/changelog", params={"startAt": 30}).json()
    told = [entry["items"][0]["toString"] for entry in first["values"] + second["values"]]
    assert told == [f"s{number}" for number in range(45)]
    assert (first["isLast"], second["isLast"]) == (False, True)


def test_bulk_histories_split_a_ticket_over_pages(jira, server):
    change_summary(server, 5)
    server.world.edit("10102", {"assignee": "acc-anna"}, "acc-anna")
    asked = {"issueIdsOrKeys": ["CMP-1", "CMP-2", "CMP-99"], "maxResults": 3}
    first = jira("POST", "/changelog/bulkfetch", json=asked).json()
    second = jira(
        "POST", "/changelog/bulkfetch", json=asked | {"nextPageToken": first["nextPageToken"]}
    ).json()
    assert [log["issueId"] for log in first["issueChangeLogs"]] == ["10101"]
    assert {log["issueId"] for log in second["issueChangeLogs"]} == {"10101", "10102"}
    assert isinstance(first["issueChangeLogs"][0]["changeHistories"][0]["created"], int)
    assert "nextPageToken" not in second


def test_bulk_fetch_names_what_it_cannot_find(jira):
    asked = {"issueIdsOrKeys": ["CMP-1", "CMP-99"], "fields": ["summary"]}
    answer = jira("POST", "/issue/bulkfetch", json=asked).json()
    assert [row["key"] for row in answer["issues"]] == ["CMP-1"]
    assert answer["issueErrors"] == [{"id": "CMP-99", "errorMessage": NO_ISSUE}]
    many = {"issueIdsOrKeys": [str(number) for number in range(101)]}
    assert jira("POST", "/issue/bulkfetch", json=many).status_code == 400


def test_properties_are_kept_and_searched_with(jira):
    path = "/issue/CMP-1/properties/ombud"
    assert jira("PUT", path, json={"seen": 1}).status_code == 201
    assert jira("PUT", path, json={"seen": 2}).status_code == 200
    assert jira("GET", path).json() == {"key": "ombud", "value": {"seen": 2}}
    row = jira.search(jql="key = CMP-1", properties=["ombud", "other"]).json()["issues"][0]
    assert row["properties"] == {"ombud": {"seen": 2}}
    assert jira("PUT", path, data=b"").status_code == 400
    assert jira("PUT", path, json="x" * 40_000).status_code == 400
    assert jira("DELETE", path).status_code == 204
    assert jira("GET", path).status_code == 404


def test_a_ticket_is_created_with_its_fields(jira):
    fields = {
        "project": {"key": "CMP"},
        "issuetype": {"name": "Complaint"},
        "summary": "New",
        "customfield_10040": {"value": "High"},
    }
    made = jira("POST", "/issue", json={"fields": fields}).json()
    read = jira("GET", f"/issue/{made['key']}").json()
    assert read["fields"]["customfield_10040"]["id"] == "10203"
    nothing = jira("POST", "/issue", json={"fields": {}})
    assert nothing.json()["errors"] == {"project": "Specify a valid project ID or key"}


def test_the_service_desk_resource_says_public_outright(jira, server):
    answer = requests.post(
        f"{server.url}/rest/servicedeskapi/request/CMP-1/comment",
        json={"body": "Note", "public": False},
        auth=(server.email, server.token),
        timeout=5,
    )
    assert answer.status_code == 201
    assert jira("GET", "/issue/CMP-1/comment").json()["comments"][0]["jsdPublic"] is False


def test_field_names_are_not_unique_and_ids_are(jira):
    rows = jira("GET", "/field").json()
    assert len({row["id"] for row in rows}) == len(rows)
    assert sum(row["name"] == "Severity" for row in rows) == 2


def test_the_python_client_of_the_vendor_reads_and_writes(server):
    from jira import JIRA

    client = JIRA(server.url, basic_auth=(server.email, server.token), max_retries=0)
    issue = client.issue("CMP-1")
    client.add_comment(issue, "internal", is_internal=True)
    client.transition_issue(issue, "Acknowledge")
    assert client.issue("CMP-1").fields.status.name == "Acknowledged"
    assert len(client.search_issues("project = CMP", maxResults=3)) == 3
    assert server.world.find("CMP-1").comments[0].public is False
    client.close()
