"""Whatever was acknowledged is in the database, though the process is killed while hooks pour in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from tests.stores import run_on
from tests.web_desk import LONG, PATH, until

CHECKOUT = Path(__file__).resolve().parents[2]
SENDERS = 8
#: Acknowledged before the process is killed.
ENOUGH = 300
SERVER = """
import sys
from pathlib import Path
from ombud.web.listen import Listening, bind
from tests.web_desk import Hall, until
door = Listening(Hall(Path(sys.argv[1])).app, bind("127.0.0.1", 0))
door.start()
until(lambda: door.started)
print(door.url.rpartition(":")[2], flush=True)
door.ended.wait()
"""


def send(port, sender, acknowledged):
    """Send one delivery after the other until nobody answers any more; note those that were acknowledged."""
    with socket.create_connection(("127.0.0.1", port), timeout=LONG) as connection:
        for number in range(1_000_000):
            name = f"d{sender}-{number}"
            body = f"{name}\n{1000 * sender + number % 7}"
            connection.sendall(
                f"POST /hooks/{PATH} HTTP/1.1\r\nhost: x\r\nx-signed: right\r\n"
                f"content-length: {len(body)}\r\n\r\n{body}".encode()
            )
            try:
                answer = connection.recv(1000)
            except OSError:
                return
            if not answer.startswith(b"HTTP/1.1 204 ") or not answer.endswith(b"\r\n\r\n"):
                return
            acknowledged.append(name)


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path):
    command = [sys.executable, "-c", SERVER, str(tmp_path)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as server:
        port = int(server.stdout.readline())
        acknowledged: list[str] = []
        senders = [
            threading.Thread(target=send, args=(port, sender, acknowledged), daemon=True)
            for sender in range(SENDERS)
        ]
        for each in senders:
            each.start()
        until(lambda: len(acknowledged) >= ENOUGH)
        # In mid-load: all of them have one under way.
        os.kill(server.pid, signal.SIGKILL)
        for each in senders:
            each.join(LONG)
    kept = {row[0] for row in run_on(tmp_path, "SELECT delivery FROM hint")}
    assert len(acknowledged) >= ENOUGH
    assert set(acknowledged) <= kept
    # What was under way may be there as well, one a sender at most.
    assert len(kept) <= len(acknowledged) + SENDERS
