"""Files that people take along: tables as CSV, XLSX and JSON, deadlines as a calendar, histories as XES."""

from __future__ import annotations
