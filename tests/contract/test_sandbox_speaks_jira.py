"""The sandbox's answers held against the vendor's own document, resource by resource."""

from __future__ import annotations

import pytest
import requests

pytestmark = pytest.mark.prism


def document(text):
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]
    return {"type": "doc", "version": 1, "content": content}


HIDDEN = [{"key": "sd.public.comment", "value": {"internal": True}}]
READS = [
    "/serverInfo",
    "/myself",
    "/mypermissions?permissions=BROWSE_PROJECTS,TRANSITION_ISSUES",
    "/field",
    "/field/search?type=custom&query=sev",
    "/status",
    "/project/CMP",
    "/project/CMP/statuses",
    "/project/search?keys=CMP",
    "/issuetype",
    "/resolution",
    "/priority",
    "/user?accountId=acc-anna",
    "/search/jql?jql=project=CMP&fields=*all&expand=changelog",
    "/issue/CMP-1?expand=changelog,names,transitions,editmeta&properties=*all",
    "/issue/CMP-1?fields=summary,status",
    "/issue/CMP-1/editmeta",
    "/issue/CMP-1/changelog?startAt=1&maxResults=2",
    "/issue/CMP-1/transitions?expand=transitions.fields&includeUnavailableTransitions=true",
    "/issue/CMP-1/comment?expand=properties&orderBy=-created",
    "/issue/CMP-1/properties",
]
REFUSED = [
    ("GET", "/issue/CMP-99", None, 404),
    ("GET", "/search?jql=project=CMP", None, 410),
    ("POST", "/search/jql", {"jql": "order by key"}, 400),
    ("POST", "/search/jql", {"jql": "project = CMP", "nextPageToken": "x"}, 400),
    ("POST", "/issue", {"fields": {}}, 400),
    ("PUT", "/issue/CMP-1", {"fields": {"resolution": {"id": "10000"}}}, 400),
    ("POST", "/issue/CMP-1/transitions", {"transition": {"id": "999"}}, 400),
    ("POST", "/issue/CMP-1/comment", {"body": "plain"}, 400),
]


@pytest.fixture(scope="module")
def proxy(prism_proxy, sandbox):
    world = sandbox.world
    for number in range(3):
        world.create(
            "CMP",
            "Complaint",
            {
                "summary": f"Complaint {number}",
                "description": "one\n\ntwo",
                "customfield_10040": "10203",
                "customfield_10053": "2026-10-12T09:30:00+02:00",
                "customfield_10055": "acc-c01",
                "customfield_10061": 2,
                "customfield_10062": ["10261", "10262"],
            },
            "acc-c01",
        )
    issue = world.find("CMP-1")
    world.edit(issue.id, {"assignee": "acc-anna", "labels": ["q"]}, "acc-anna", to_status="10002")
    world.edit(issue.id, {"summary": "z"}, "acc-robot", cause_author_absent=True)
    world.edit(
        issue.id,
        {"labels": ["q", "r"]},
        "acc-ombud",
        history_metadata={"type": "tool", "extraData": {"k": "v"}},
    )
    world.comment(issue.id, "acc-anna", "hello", public=False)
    world.link(issue.id, world.find("CMP-2").id)
    world.set_property(issue.id, "note", {"a": 1})
    return prism_proxy(sandbox)


@pytest.fixture
def call(proxy, sandbox):
    session = requests.Session()
    session.auth = (sandbox.email, sandbox.token)
    proxy.violations.clear()
    yield lambda method, path, body=None: session.request(
        method, proxy.url + "/rest/api/3" + path, json=body, timeout=30
    )
    session.close()


@pytest.mark.parametrize("path", READS)
def test_what_is_read_is_as_documented(proxy, call, path):
    assert call("GET", path).status_code == 200
    assert proxy.violations == []


@pytest.mark.parametrize("method,path,body,status", REFUSED)
def test_what_is_refused_is_as_documented(proxy, call, method, path, body, status):
    assert call(method, path, body).status_code == status
    assert proxy.violations == []


def test_searches_and_bulk_reads_are_as_documented(proxy, call):
    asked = {
        "jql": "project = CMP ORDER BY updated ASC",
        "fields": ["*all"],
        "expand": "changelog,names",
        "maxResults": 2,
        "properties": ["note"],
        "reconcileIssues": [10101],
    }
    first = call("POST", "/search/jql", asked).json()
    assert len(first["issues"]) == 2
    call("POST", "/search/jql", asked | {"nextPageToken": first["nextPageToken"]})
    assert call("POST", "/search/approximate-count", {"jql": "project = CMP"}).json() == {
        "count": 3
    }
    call("POST", "/issue/bulkfetch", {"issueIdsOrKeys": ["CMP-1", "CMP-99"], "fields": ["*all"]})
    call("POST", "/changelog/bulkfetch", {"issueIdsOrKeys": ["CMP-1", "CMP-2"], "maxResults": 2})
    call(
        "POST",
        "/workflows",
        {"projectAndIssueTypes": [{"projectId": "10000", "issueTypeId": "10001"}]},
    )
    assert proxy.violations == []


def test_writes_are_as_documented(proxy, call):
    told = {
        "type": "tool",
        "activityDescription": "x",
        "generator": {"id": "y"},
        "extraData": {"k": "v"},
    }
    labels = {"update": {"labels": [{"add": "a"}]}, "historyMetadata": told}
    codes = [
        call("PUT", "/issue/CMP-2?notifyUsers=false", labels).status_code,
        call("PUT", "/issue/CMP-2?returnIssue=true", labels).status_code,
        call("GET", "/issue/CMP-2/transitions").status_code,
        call(
            "POST",
            "/issue/CMP-2/transitions",
            {"transition": {"id": "74"}, "historyMetadata": told},
        ).status_code,
        call("PUT", "/issue/CMP-2/properties/note", {"a": 1}).status_code,
        call("PUT", "/issue/CMP-2/properties/note", {"a": 2}).status_code,
        call("GET", "/issue/CMP-2/properties/note").status_code,
        call("DELETE", "/issue/CMP-2/properties/note").status_code,
    ]
    assert codes == [204, 200, 200, 204, 201, 200, 200, 204]
    assert proxy.violations == []


def test_comments_are_as_documented(proxy, call):
    made = call(
        "POST", "/issue/CMP-3/comment", {"body": document("x"), "properties": HIDDEN}
    ).json()
    at, own = f"/issue/CMP-3/comment/{made['id']}", f"/comment/{made['id']}/properties"
    codes = [
        call("GET", at + "?expand=properties").status_code,
        call("PUT", at, {"body": document("y")}).status_code,
        call("GET", own).status_code,
        call("GET", own + "/sd.public.comment").status_code,
        call("PUT", own + "/mine", {"k": 1}).status_code,
        call("DELETE", own + "/mine").status_code,
        call("DELETE", at).status_code,
    ]
    assert codes == [200, 200, 200, 200, 201, 204, 204]
    assert proxy.violations == []


def test_a_ticket_is_created_and_deleted_as_documented(proxy, call):
    fields = {"project": {"key": "CMP"}, "issuetype": {"id": "10001"}, "summary": "New"}
    made = call("POST", "/issue", {"fields": fields}).json()
    assert call("DELETE", f"/issue/{made['key']}").status_code == 204
    assert proxy.violations == []


@pytest.mark.parametrize(
    "method,path,body,said",
    [
        ("POST", "/search/jql", {"jql": "project = CMP", "colour": 1}, "additional properties"),
        ("POST", "/issue/CMP-3/transitions", {"transition": {"id": 999}}, "must be string"),
        ("GET", "/issue/CMP-1/changelog?startAt=abc", None, "must be integer"),
        ("GET", "/no/such/path", None, "not found"),
    ],
)
def test_a_request_the_document_does_not_know_is_noticed(proxy, call, method, path, body, said):
    call(method, path, body)
    assert any(said in violation.message.lower() for violation in proxy.violations)


def test_an_answer_the_document_does_not_know_is_noticed(proxy, call, sandbox):
    sandbox.faults.order(
        [{"match": "/myself", "kind": "status", "status": 200, "body": '{"accountId": 7, "x": 1}'}]
    )
    call("GET", "/myself")
    assert {violation.call for violation in proxy.violations} == {"GET /rest/api/3/myself"}
