"""Logging: structured lines without secrets or personal data."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

_OURS: Final = ("ombud", "connectors", "policies", "sync")
_TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
#: What may open something, and who somebody is -> what stands there instead.
_HIDDEN: Final = (
    # Addresses of hooks and of tickets' pages.
    (re.compile(r"(/hooks/)[^\s\"'?#]+"), r"\1…"),
    (
        re.compile(
            r"([?&](?:k|key|code|state|token|secret|access_token)=)[^\s&\"'#]+", re.IGNORECASE
        ),
        r"\1…",
    ),
    # Headers, and whatever else is said to be one.
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), r"\1 …"),
    (
        re.compile(
            r"((?:authorization|cookie|x-hub-signature|signature|passw(?:or)?d|secret|api[_-]?key|token)"
            r"[\"']?\s*[:=]\s*[\"']?)(?!…|Bearer |Basic )[^\s\"',;}]+",
            re.IGNORECASE,
        ),
        r"\1…",
    ),
    # Credentials within an address.
    (re.compile(r"(\w://)[^\s/@]+@"), r"\1…@"),
    # Whatever looks like a key: long, and of no words.
    (re.compile(r"\b(?=[\w-]*\d)[A-Za-z0-9_-]{40,}\b"), "…"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),
)


class LogFormat(StrEnum):
    """How lines are written."""

    text = "text"
    json = "json"


def redacted(text: str) -> str:
    """Take out of a text what opens something, and who somebody is."""
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return text


class Plain(logging.Formatter):
    """Write lines for people, secrets taken out, those of tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        return redacted(super().format(record))


class Structured(logging.Formatter):
    """Write one JSON object a line, secrets taken out."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line: time, level, logger, message, and account and reason where it has them."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        for name in ("account", "reason"):
            value = getattr(record, name, None)
            if value:
                told[name] = redacted(str(value))
        if record.exc_info:
            told["trace"] = redacted(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)


def configure_logging(*, debug: bool) -> None:
    """Log warnings to standard error, everything of ours with `debug`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Plain(_TEXT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.WARNING)


def log_as(form: LogFormat) -> None:
    """Write lines in another form from now on, as a process does that runs for long: what it does is told, too."""
    formatter = Structured() if form is LogFormat.json else Plain(_TEXT)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter)
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.setLevel(min(logger.level, logging.INFO) or logging.INFO)
    # Whoever sends what is no HTTP should not fill the disk.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
