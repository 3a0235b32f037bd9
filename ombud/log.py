"""Logging: structured lines without secrets or personal data."""

from __future__ import annotations

import logging
import sys


def configure_logging(*, debug: bool) -> None:
    """Log warnings to standard error, everything of ours with `debug`."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    for name in ("ombud", "connectors", "policies", "sync"):
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.WARNING)
