"""Faults a test may order: answers that fail, break off, or never come."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal["lost_reply", "drop", "cut_body", "non_json", "status", "delay", "conflict_409"]


@dataclass(slots=True)
class Fault:
    """One ordered fault.

    Attributes:
        match: a regular expression looked for in "METHOD /path?query".
        kind: lost_reply commits, then cuts the connection; drop cuts it before anything happened; cut_body commits
            and sends half an answer; non_json answers a web page and status answers its status, both without
            committing unless `commit`; conflict_409 refuses with a conflict; delay waits `seconds`, then goes on.
        nth: the first matching call it strikes, from 1.
        times: how many matching calls it strikes from there on.
    """

    match: str
    kind: Kind
    nth: int = 1
    times: int = 1
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    seconds: float = 0.0
    commit: bool = False
    seen: int = 0
    struck: int = 0

    def meets(self, call: str) -> bool:
        """Count a call, and tell whether this fault strikes it."""
        if re.search(self.match, call) is None:
            return False
        self.seen += 1
        if not self.nth <= self.seen < self.nth + self.times:
            return False
        self.struck += 1
        return True


class Faults:
    """The faults in force; the first that meets a call strikes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._list: list[Fault] = []

    def order(self, orders: list[dict[str, Any]]) -> None:
        """Replace every fault by the ordered ones; an unknown word is refused."""
        made = [Fault(**order) for order in orders]
        for fault in made:
            if fault.kind not in get_args(Kind):
                message = f"no such fault: {fault.kind}"
                raise ValueError(message)
            re.compile(fault.match)
        with self._lock:
            self._list = made

    def strike(self, call: str) -> Fault | None:
        """Return the fault that strikes a call, if one does."""
        with self._lock:
            # Those after it have not seen the call: what is reported as struck did strike.
            return next((fault for fault in self._list if fault.meets(call)), None)

    def report(self) -> list[dict[str, Any]]:
        """Tell what was ordered and how often it struck."""
        with self._lock:
            return [
                {
                    "match": fault.match,
                    "kind": fault.kind,
                    "seen": fault.seen,
                    "struck": fault.struck,
                }
                for fault in self._list
            ]
