"""The dashboard's guard over a real server on loopback, with routes that need no figures, and browsers that keep cookies."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta

import requests
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from ombud.model.instant import DAY
from ombud.web.dash.guard import Guard
from ombud.web.shield import Shield
from sync.access_secrets import Passwords
from sync.staff import Roster
from tests.benchmarks import desk
from tests.stores import url_at
from tests.web_desk import LONG, listening

SECRET = "four words do it well"


class Counting:
    """Argon2id at its cheapest, counting what is reckoned."""

    def __init__(self):
        self._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.hashed = self.verified = 0

    def hash(self, password):
        self.hashed += 1
        return self._hasher.hash(password)

    def verify(self, held, password):
        self.verified += 1
        return self._hasher.verify(held, password)

    def check_needs_rehash(self, held):
        return self._hasher.check_needs_rehash(held)


class Browser(requests.Session):
    """Keeps cookies, and says as browsers do where a form was sent from."""

    def __init__(self, url):
        super().__init__()
        self.url = url
        self.headers["origin"] = url
        self.headers["sec-fetch-site"] = "same-origin"

    def request(self, method, path, **told):
        told.setdefault("timeout", LONG)
        return super().request(
            method, f"{self.url}{path}" if path.startswith("/") else path, **told
        )

    def csrf(self):
        """Read what stands in the forms of the page that shows the account."""
        return re.search(r'name="csrf" value="([^"]+)"', self.get("/account").text).group(1)

    def submit(self, path, **told):
        """Send a form from a page of the session."""
        return self.post(path, data={"csrf": self.csrf(), **told}, allow_redirects=False)

    def sign_in(self, login, password=SECRET, **told):
        return self.post(
            "/signin", data={"login": login, "password": password, **told}, allow_redirects=False
        )

    @property
    def known_as(self):
        """Give whom the site knows this browser as; `None` for nobody."""
        answer = self.get("/probe", allow_redirects=False)
        return answer.json()["login"] if answer.status_code == 200 else None


class House:
    """A service, its guard, and the door."""

    def __init__(self, service):
        self.service = service
        self.hasher = Counting()
        self.guard = Guard(service, passwords=Passwords(self.hasher))
        self.roster = Roster(service, self.guard.roster.passwords)
        self.access = service.store.access

    def app(self):
        guard = self.guard

        async def probe(request):
            async def show(viewer):
                request.state.rows = 7
                return JSONResponse({"login": viewer.login, "role": viewer.role})

            return await guard.opened(request, request.path_params.get("action", "read"), show)

        async def act(request):
            async def do(viewer, form):
                return PlainTextResponse(f"done by {viewer.login}: {form.get('why', '')}")

            return await guard.posted(request, request.path_params["action"], do)

        routes = [
            *guard.routes,
            Route("/", probe),
            Route("/probe", probe),
            Route("/show/{action}", probe),
            Route("/api/probe", probe),
            Route("/do/{action}", act, methods=["POST"]),
        ]
        return Starlette(routes=routes, middleware=[Middleware(Shield)])

    def add(self, login="anna", role="admin", password=SECRET, **told):
        told.setdefault("name", login.partition("@")[0].title())
        if role == "auditor":
            told.setdefault("until", self.service.now() + 30 * DAY)
        return self.roster.add(login, role=role, password=password, by=None, **told)

    def browser(self):
        return Browser(self.url)

    def signed_in(self, login):
        browser = self.browser()
        answer = browser.sign_in(login)
        assert answer.status_code == 303, answer.text
        return browser

    def pass_time(self, **told):
        self.service.clock.advance(timedelta(**told))

    def audited(self, **told):
        """Give what the audit trail holds, the oldest first: who, what, where, with what."""
        self.guard.trail.flush()
        lines = [row for _, row in reversed(self.access.audited(**told))]
        logins = {row.id: row.login for row in self.access.staff()}
        return [(logins.get(r.staff), r.what, r.path, r.query, r.rows) for r in lines]


@contextmanager
def house(folder, **told):
    """Open a house; `told` are settings of [dashboard] and [serve]."""
    with desk.service(folder, url_at(folder)) as service:
        for name, changes in told.items():
            held = getattr(service.settings, name)
            whole = type(held).model_validate(held.model_dump() | changes)
            service.settings = service.settings.model_copy(update={name: whole})
        opened = House(service)
        with listening(opened.app()) as door:
            opened.url = door.url
            yield opened
        opened.guard.close()
