"""Receivers on loopback: an SMTP server and a web server that keep what they were sent, and refuse on order."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mailbox:
    """An SMTP server of forty lines; `refuse` has it answer 451 to what it is sent."""

    def __init__(self):
        self.messages, self.refuse = [], False
        box = self

        class Session(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(f"{line}\r\n".encode())

            def handle(self):
                self.say("220 here")
                for raw in self.rfile:
                    word = raw.split()[0].upper() if raw.split() else b""
                    if word in {b"EHLO", b"HELO"}:
                        self.say("250 here")
                    elif word == b"DATA":
                        self.say("354 go on")
                        self.take()
                    elif word == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 fine")

            def take(self):
                lines = []
                for raw in self.rfile:
                    if raw == b".\r\n":
                        break
                    lines.append(raw.removeprefix(b"."))
                if box.refuse:
                    self.say("451 later")
                    return
                told = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                box.messages.append(told)
                self.say("250 taken")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self):
        port = self._server.server_address[1]
        return f"mailto://127.0.0.1:{port}/?from=ombud@desk.example&to=lead@desk.example"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class Webhook:
    """A web server that keeps each body and its headers; `status` is what it answers."""

    def __init__(self):
        self.posts, self.headers, self.status = [], [], 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status < 300:
                    hook.posts.append(json.loads(body))
                    hook.headers.append(dict(self.headers))
                self.send_response(hook.status)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def address(self):
        return f"json://127.0.0.1:{self.port}/hooks/secretpath"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
