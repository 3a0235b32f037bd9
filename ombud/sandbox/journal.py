"""What happened in a world, one line an act, in the order it was committed."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any


class Journal:
    """Keep every committed write, and copy it to a file where one is named.

    Tests judge an end state from here and not from what a client believes it wrote.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._lines: list[dict[str, Any]] = []
        self._path = path

    def append(
        self,
        moment: datetime,
        actor: str | None,
        what: str,
        issue: str | None,
        detail: Any,
        request: str | None,
    ) -> None:
        """Add one act; `request` is the id of the HTTP request that caused it, if one did."""
        line = {
            "n": 0,
            "time": moment.isoformat(timespec="milliseconds"),
            "actor": actor,
            "what": what,
            "issue": issue,
            "detail": detail,
            "request": request,
        }
        with self._lock:
            line["n"] = len(self._lines) + 1
            self._lines.append(line)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def lines(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the acts whose number is greater than `after`."""
        with self._lock:
            return list(self._lines[after:])

    def text(self, after: int = 0) -> str:
        """Return the acts as JSON lines."""
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in self.lines(after))
