"""Ask a helpdesk over HTTP: no redirects, no surprises from the environment, no write repeated blindly."""

from __future__ import annotations

import ipaddress
import json
import logging
import random
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import requests

from connectors.errors import ConfigurationError, HelpdeskError, Kind, line_of
from connectors.gate import MOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from connectors.errors import Line
    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Gate

#: Seconds to connect, and seconds between two bytes of an answer.
TIMEOUT: Final = (10.0, 60.0)
#: An answer larger than this is refused: no page of a helpdesk is.
LARGEST: Final = 64 << 20
#: Times a safe request is tried.
TRIES: Final = 5
#: A wait longer than this is handed on instead of slept through.
LONGEST_WAIT: Final = 120.0
_RETRIED: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold an answer that is fine."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    operation: str
    account: str

    def json(self) -> Any:
        """Read the body as JSON; raises `HelpdeskError` (broken) where it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            told = f"{len(self.body)} bytes of {self.headers.get('Content-Type', 'nothing')} that are no JSON"
            raise HelpdeskError(
                Kind.broken,
                self.account,
                self.operation,
                status=self.status,
                detail=told,
                remedy="Check the url: a proxy or a sign-in page may have answered",
            ) from error


class Client:
    """Speak with one account's server.

    Redirects are errors, netrc and proxy variables are not read, plain HTTP goes to this machine only.
    A request that changes nothing is tried again on trouble, as long as the vendor asks for it; a write
    is never repeated: where its answer is lost it is `uncertain`.
    """

    def __init__(
        self,
        account: str,
        base: str,
        headers: Mapping[str, str],
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        ca: str | None = None,
        proxy: str | None = None,
        table: Sequence[Line] = (),
        explain: Callable[[bytes], str] | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        on_wait: Callable[[str, float], None] | None = None,
        authorizer: Authorizer | None = None,
    ) -> None:
        """Prepare a client; raises `ConfigurationError` for an address that must not be used.

        Args:
            account: name for errors and logs.
            base: address that paths are put behind.
            headers: sent with every request.
            clock: tells the time for waits that are dates.
            sleep: waits.
            ca: file of the certificate authority to trust, where it is a private one.
            proxy: address of a proxy.
            table: the vendor's own lines of the error table.
            explain: reads what the vendor says from an error's body, without personal data.
            timeout: seconds to connect, and between two bytes.
            on_wait: told why and how long it waits.
            authorizer: signs every request; the only one here who knows a secret.

        """
        self.account = account
        self.base = checked_base(account, base)
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._sleep = sleep
        self._table = table
        self._explain = explain or (lambda _: "")
        self._timeout = timeout
        self._on_wait = on_wait
        self._authorizer = authorizer
        #: Shared by everything that asks this server, where several do at a time.
        self.gate: Gate | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=MOST))
        self._session.headers.update(
            {"Accept": "application/json", "User-Agent": "ombud", **headers}
        )
        if ca is not None:
            self._session.verify = ca
        if proxy is not None:
            self._session.proxies = {"http": proxy, "https": proxy}

    def __repr__(self) -> str:
        return f"Client({self.account!r}, {self.base!r})"

    def get(
        self, path: str, params: Mapping[str, object] | None = None, *, operation: str = ""
    ) -> Answer:
        """Ask for something; tried again on trouble."""
        return self.send(
            "GET", path, params=params, operation=operation or f"GET {path}", safe=True
        )

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        operation: str = "",
        safe: bool = False,
    ) -> Answer:
        """Send a request.

        Args:
            method: GET, POST, PUT or DELETE.
            path: path behind the base, or a path of the vendor's on the same origin.
            body: sent as JSON.
            params: query.
            headers: sent in addition.
            operation: method and path template, for errors and figures.
            safe: whether it changes nothing, so that it may be sent again.

        """
        operation = operation or f"{method} {path}"
        waited = 0.0
        renewed = False
        for attempt in range(1, TRIES + 1):
            signed = self.signed()
            self.calls[operation] += 1
            told = {**signed, **(headers or {})}
            try:
                with self._turn(operation):
                    answer = self._once(method, path, body, params, told, operation, safe=safe)
            except HelpdeskError as error:
                if self.gate is not None and error.status == 429 and error.retry_after:
                    self.gate.close(operation, error.retry_after)
                # What was refused for its signature was not done: even a write may be sent again.
                if error.status == 401 and not renewed and attempt < TRIES and self._renew(signed):
                    renewed = True
                    continue
                if not safe or error.kind is not Kind.busy or attempt == TRIES:
                    raise
                wait = error.retry_after if error.retry_after is not None else _jittered(attempt)
                if waited + wait > LONGEST_WAIT:
                    raise
                why = error.detail or "the helpdesk is busy"
                if self._on_wait is not None:
                    self._on_wait(f"{self.account}: {why}: next in {wait:.0f} s", wait)
                self._sleep(wait)
                waited += wait
            else:
                return answer
        raise AssertionError("unreachable")  # pragma: no cover (the last try returns or raises)

    def _turn(self, operation: str) -> AbstractContextManager[None]:
        """Wait until the account may be asked; a wait that is too long is handed on, as the vendor's own word is."""
        if self.gate is None:
            return nullcontext()
        wait = self.gate.closed(operation)
        if wait > LONGEST_WAIT:
            raise HelpdeskError(
                Kind.busy,
                self.account,
                operation,
                detail="the helpdesk limits how often it is asked",
                remedy="It is tried again by itself",
                retry_after=wait,
            )
        return self.gate.turn(operation)

    def signed(self) -> Mapping[str, str]:
        """Give the headers that sign a request now."""
        return {} if self._authorizer is None else self._authorizer.headers()

    def _renew(self, signed: Mapping[str, str]) -> bool:
        return self._authorizer is not None and self._authorizer.renew(signed)

    def _once(
        self,
        method: str,
        path: str,
        body: object,
        params: Mapping[str, object] | None,
        headers: Mapping[str, str] | None,
        operation: str,
        *,
        safe: bool,
    ) -> Answer:
        try:
            with self._session.request(
                method,
                self.base + path,
                json=body,
                params=params,  # type: ignore[arg-type]
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._whole(response, operation, safe=safe)
        except requests.exceptions.SSLError as error:
            raise HelpdeskError(
                Kind.busy,
                self.account,
                operation,
                detail="its certificate is not trusted",
                remedy="Set `ca` of the account to the file of the certificate authority",
                retry_after=LONGEST_WAIT + 1,
            ) from error
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
            raise self._unreachable(operation, uncertain=False) from error
        except requests.exceptions.ConnectionError as error:
            # Refused before anything was sent is sure; anything else may have arrived.
            refused = "Failed to establish" in str(error) or "NameResolution" in str(error)
            raise self._unreachable(operation, uncertain=not safe and not refused) from error
        except requests.exceptions.RequestException as error:
            raise self._unreachable(operation, uncertain=not safe) from error
        _log.debug("%s %s -> %s", self.account, operation, response.status_code)
        if self.gate is not None:
            self.gate.note(response.headers)
        line = line_of(response.status_code, self._table)
        if line is None:
            return Answer(response.status_code, response.headers, content, operation, self.account)
        raise HelpdeskError(
            line.kind,
            self.account,
            operation,
            status=response.status_code,
            detail=self._said(response.headers, content),
            remedy=self._remedy(response.status_code) or line.remedy,
            retry_after=self._retry_after(response.headers)
            if response.status_code in _RETRIED
            else None,
            # A server error may have come after the change was made.
            uncertain=not safe
            and line.kind is Kind.busy
            and response.status_code not in {408, 425, 429},
        )

    def _remedy(self, status: int) -> str:
        return self._authorizer.remedy if self._authorizer is not None and status == 401 else ""

    def _whole(self, response: requests.Response, operation: str, *, safe: bool) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_content(1 << 16):
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise HelpdeskError(
                    Kind.broken,
                    self.account,
                    operation,
                    detail=f"its answer is larger than {LARGEST >> 20} MB",
                )
        told = response.headers.get("Content-Length")
        if (
            told is not None
            and response.request.method != "HEAD"
            and not response.headers.get("Content-Encoding")
            and size != int(told)
        ):
            raise self._unreachable(
                operation, uncertain=not safe, detail="its answer was cut short"
            )
        return b"".join(parts)

    def _unreachable(
        self, operation: str, *, uncertain: bool, detail: str = "no answer"
    ) -> HelpdeskError:
        return HelpdeskError(
            Kind.busy,
            self.account,
            operation,
            detail=detail,
            remedy=f"Check the network and that {urlsplit(self.base).hostname} is up",
            uncertain=uncertain,
        )

    def _said(self, headers: Mapping[str, str], content: bytes) -> str:
        reason = headers.get("RateLimit-Reason")
        if reason:
            return f"rate limit {reason}"
        try:
            return self._explain(content)
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        told = headers.get("Retry-After")
        if told is None:
            return None
        try:
            return max(float(told), 0.0)
        except ValueError:
            pass
        try:
            until = parsedate_to_datetime(told)
        except ValueError:
            return None
        return max((until - self._clock.now()).total_seconds(), 0.0)


def _jittered(attempt: int) -> float:
    return min(2.0**attempt, 30.0) * random.uniform(0.5, 1.0)  # noqa: S311 (spreads retries, keeps no secret)


def checked_base(account: str, base: str) -> str:
    """Refuse an address that must not be used; give it without a slash at its end."""
    parts = urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"accounts.{account}.url: {base!r} is no address. Write https://…")
    if parts.username or parts.password:
        raise ConfigurationError(f"accounts.{account}.url: carries credentials. Put them into .env")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise ConfigurationError(
            f"accounts.{account}.url: plain http goes to this machine only. Write https://{parts.hostname}"
        )
    return base.rstrip("/")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
