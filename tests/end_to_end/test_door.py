"""The door over a real server: what is kept before it is answered, and what strangers get."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from ombud.store import StoreError
from tests.web_desk import LONG, PATH, Ear, hall, raw, until

SIGNED = {"x-signed": "right"}
#: What a stranger sees, whatever was wrong.
NOTHING = (404, b"", {"content-length": "0", "connection": "close"})


def post(url, body="d1\n10", **headers):
    return requests.post(url, data=body, headers=SIGNED | headers, timeout=LONG)


def seen(answer):
    told = {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}
    return answer.status_code, answer.content, told


def test_a_hint_is_in_the_database_when_it_is_answered(tmp_path):
    with hall(tmp_path) as told:
        answer = post(told.url)
        assert (answer.status_code, answer.content) == (204, b"")
        assert told.kept == {"10": 1}
        until(lambda: told.woken == ["acme"])
        # Repeated, it is known.
        assert post(told.url).status_code == 204
        assert told.kept == {"10": 1}
        assert post(told.url, "d2\n10").status_code == 204
        assert told.kept == {"10": 2}


def test_a_delivery_of_several_tickets_or_of_none_is_taken(tmp_path):
    with hall(tmp_path) as told:
        assert post(told.url, "d1\n10\n11").status_code == 204
        assert told.kept == {"10": 1, "11": 1}
        assert post(told.url, "test").status_code == 204
        assert told.kept == {"10": 1, "11": 1}
        assert told.counted() == {"kept": 1, "nothing": 1}


def test_strangers_get_one_and_the_same_answer(tmp_path, caplog):
    with hall(tmp_path) as told:
        elsewhere = told.url.replace(PATH, "s3cret-path-of-acmf")
        answers = {
            "unknown path": post(elsewhere),
            "unsigned": requests.post(told.url, data="d1\n10", timeout=LONG),
            "forged": post(told.url, **{"x-signed": "wrong"}),
            "signed twice": post(told.url, **{"x-signed": "right, right"}),
            "malformed": post(told.url, ""),
            "read": requests.get(told.url, timeout=LONG),
            "another's": requests.get(elsewhere, timeout=LONG),
            "nothing behind": post(told.url.removesuffix(PATH)),
            "more behind": post(f"{told.url}/more"),
            "escaped": post(told.url.replace("s3cret", "%00%ff")),
        }
        assert {name: seen(answer) for name, answer in answers.items()} == dict.fromkeys(
            answers, NOTHING
        )
        assert told.kept == {}
        assert told.counted() == {"unknown": 6, "unsigned": 1, "forged": 2, "malformed": 1}
    assert {each.reason for each in caplog.records} == {
        "unknown",
        "unsigned",
        "forged",
        "malformed",
    }
    assert "s3cret" not in caplog.text
    assert "d1" not in caplog.text


def test_a_flood_from_nobody_costs_a_line_and_one_look(tmp_path, caplog):
    with hall(tmp_path) as told:
        looks = []
        paths = dict(told.paths)
        told.ears._load = lambda: looks.append(1) or paths
        elsewhere = told.url.replace(PATH, "guess")
        with requests.Session() as session:
            for _ in range(50):
                session.post(elsewhere, data=b"x", timeout=LONG)
        assert told.counted() == {"unknown": 50}
    assert [each.reason for each in caplog.records] == ["unknown"]
    # One a second at most, and no more than that.
    assert len(looks) < 25


@pytest.mark.parametrize("known", [True, False])
def test_a_large_body_is_refused_before_it_is_read(tmp_path, known):
    with hall(tmp_path) as told:
        path = PATH if known else "guess"
        head = f"POST /hooks/{path} HTTP/1.1\r\nhost: x\r\nx-signed: right\r\ncontent-length: {20 << 20}\r\n\r\n"
        # The answer comes though not a byte of the body was sent.
        answer = raw(told.url, head.encode())
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in answer
        assert told.kept == {}


def test_a_body_that_never_says_how_long_it_is_ends_at_the_limit(tmp_path):
    with hall(tmp_path, largest=1000) as told:
        head = (
            f"POST /hooks/{PATH} HTTP/1.1\r\nhost: x\r\nx-signed: right\r\n"
            "transfer-encoding: chunked\r\n\r\n"
        )
        chunk = b"190\r\n" + b"x" * 400 + b"\r\n"
        assert raw(told.url, head.encode(), chunk * 3).startswith(b"HTTP/1.1 413 ")
        whole = head.encode() + b"5\r\nd1\n10\r\n0\r\n\r\n"
        # In pieces, and of a length that was not foretold: taken all the same.
        with socket.create_connection(told.at, timeout=LONG) as connection:
            for at in range(0, len(whole), 7):
                connection.sendall(whole[at : at + 7])
            assert connection.recv(1000).startswith(b"HTTP/1.1 204 ")
        assert told.kept == {"10": 1}


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path):
    with hall(tmp_path, read_seconds=0.05) as told:
        head = f"POST /hooks/{PATH} HTTP/1.1\r\nhost: x\r\nx-signed: right\r\ncontent-length: 9\r\n\r\nd1"
        assert raw(told.url, head.encode()).startswith(b"HTTP/1.1 408 ")
        # Who hangs up in the middle disturbs nobody.
        with socket.create_connection(told.at, timeout=LONG) as connection:
            connection.sendall(head.encode())
        assert post(told.url).status_code == 204
        assert told.kept == {"10": 1}


def test_what_cannot_be_kept_is_to_come_again(tmp_path):
    with hall(tmp_path) as told:

        def full(_hints):
            raise StoreError("the disk is full")

        told.put, kept = full, told.put
        answer = post(told.url)
        assert (answer.status_code, answer.content) == (503, b"")
        assert 0 < int(answer.headers["retry-after"]) < 60
        assert told.woken == []
        told.put = kept
        assert post(told.url).status_code == 204
        assert told.kept == {"10": 1}
        assert told.counted() == {"failed": 1, "kept": 1}


def test_whoever_comes_while_one_is_written_shares_the_next_commit(tmp_path):
    with hall(tmp_path, waiting=7) as told:
        begun, go, batches = threading.Event(), threading.Event(), []

        def slowly(hints):
            begun.set()
            assert go.wait(LONG)
            batches.append(len(hints))
            put(hints)

        told.put, put = slowly, told.put
        with ThreadPoolExecutor(16) as pool:
            first = pool.submit(post, told.url, "d0\n10")
            assert begun.wait(LONG)
            others = [pool.submit(post, told.url, f"d{n}\n1{n}") for n in range(1, 8)]
            until(lambda: told.keeping.waiting == 7)
            # One more than may wait is told to come again.
            assert post(told.url, "d9\n19").status_code == 503
            go.set()
            assert {each.result().status_code for each in (first, *others)} == {204}
        assert batches == [1, 7]
        assert sorted(told.kept) == ["10", "11", "12", "13", "14", "15", "16", "17"]


def test_who_waits_too_long_for_a_commit_is_to_come_again_and_is_known_then(tmp_path):
    with hall(tmp_path, patience=0.05) as told:
        go = threading.Event()

        def slowly(hints):
            assert go.wait(LONG)
            put(hints)

        told.put, put = slowly, told.put
        assert post(told.url).status_code == 503
        go.set()
        until(lambda: told.kept == {"10": 1})
        told.put = put
        assert post(told.url).status_code == 204
        assert told.kept == {"10": 1}


def test_more_at_a_time_than_may_be_are_to_come_again(tmp_path):
    with hall(tmp_path, most=1) as told:
        head = f"POST /hooks/{PATH} HTTP/1.1\r\nhost: x\r\nx-signed: right\r\ncontent-length: 5\r\n\r\n"
        with socket.create_connection(told.at, timeout=LONG) as connection:
            connection.sendall(head.encode())
            until(lambda: told.door._under_way)
            assert post(told.url, "d2\n11").status_code == 503
            connection.sendall(b"d1\n10")
            assert connection.recv(1000).startswith(b"HTTP/1.1 204 ")
        assert post(told.url, "d2\n11").status_code == 204
        assert told.kept == {"10": 1, "11": 1}


def test_a_hook_that_is_installed_changed_or_removed_meanwhile_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("ombud.web.ears.Ears.again.__kwdefaults__", {"after": 0})
    with hall(tmp_path) as told:
        new = told.url.replace(PATH, "new")
        assert post(new).status_code == 404
        told.paths["new"] = ("acme", "jira", Ear())
        assert post(new).status_code == 204
        told.paths["new"] = ("acme", "jira", Ear("another"))
        assert post(new, "d2\n10", **{"x-signed": "another"}).status_code == 204
        assert post(new, "d3\n10").status_code == 404
        del told.paths[PATH]
        assert post(told.url.replace(PATH, "guess")).status_code == 404
        assert post(told.url).status_code == 404


def test_who_says_nothing_is_hung_up_on(tmp_path, monkeypatch):
    monkeypatch.setattr("ombud.web.listen.PATIENCE", 0.05)
    with hall(tmp_path) as told:
        assert raw(told.url) == b""
        assert raw(told.url, b"POST /hooks/") == b""
        assert post(told.url).status_code == 204
