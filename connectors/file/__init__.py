"""Event logs in files: a connector with history alone."""

from __future__ import annotations

from connectors.file.log import LogError, LogShape, Row, read_rows
from connectors.file.reader import LogReport, read_log

__all__ = ["LogError", "LogReport", "LogShape", "Row", "read_log", "read_rows"]
