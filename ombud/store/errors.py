"""What can be wrong with a database, in words that say what to do."""

from __future__ import annotations


class StoreError(Exception):
    """Say what is wrong with the database and what to do."""


class StaleLease(StoreError):
    """Say that another process has taken the account over; nothing was written."""


class Busy(StoreError):
    """Say that another process holds the account or the database."""
