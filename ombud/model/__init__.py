"""The core: events, facts, calendars and verdicts, with the standard library alone."""
