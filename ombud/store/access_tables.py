"""Tables of who may look at the dashboard: staff, sessions, tokens, saved views, and what each of them looked at.

What lets somebody in (a session, an API token, a link that works once) is never kept: its SHA-256 is.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table

from ombud.store.tables import String, Text, metadata

#: A person who may sign in.
staff: Final = Table(
    "staff",
    metadata,
    Column("id", String, primary_key=True),
    #: What they sign in as, in lower case.
    Column("login", String, nullable=False, unique=True),
    #: What they are called.
    Column("name", String, nullable=False),
    #: Who they are: a person of ombud.toml, or one of the accounts linked to them there.
    Column("person", String, nullable=False),
    #: viewer, compliance, admin or auditor.
    Column("role", String, nullable=False),
    #: Argon2id, with its parameters; empty where there is none to sign in with.
    Column("password", String),
    #: Who vouches for them, and as whom.
    Column("issuer", String),
    Column("subject", String),
    #: Restricted groups they may see, as a JSON list; "*" is every group.
    Column("groups", Text, nullable=False),
    #: IANA zone of the times they are shown; empty for the desk's.
    Column("zone", String),
    #: From when they are let in no more; empty for no end.
    Column("until", BigInteger),
    Column("disabled", BigInteger),
    Column("created", BigInteger, nullable=False),
    #: The name of who did it; "ombud" and "oidc" are nobody's.
    Column("created_by", String, nullable=False),
    Index("staff_subject", "issuer", "subject", unique=True),
)

#: Who is signed in, in which browser.
session: Final = Table(
    "session",
    metadata,
    #: SHA-256 of what the browser keeps.
    Column("id", String, primary_key=True),
    Column("staff", String, nullable=False),
    #: Stands in every form of the session.
    Column("csrf", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    #: To the minute.
    Column("seen", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("session_staff", "staff"),
)

#: What programs bring instead of a session; links and codes that work once, too.
access_token: Final = Table(
    "access_token",
    metadata,
    Column("id", String, primary_key=True),
    #: SHA-256 of the token.
    Column("sha256", String, nullable=False, unique=True),
    #: Empty for the code that makes the first of the staff.
    Column("staff", String, nullable=False),
    Column("name", String, nullable=False),
    #: Words with blanks between: of read, export, write; or once, or setup.
    Column("scopes", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("revoked", BigInteger),
    Index("access_token_staff", "staff"),
)

#: Who looked at, took out or did what. Appended to, never changed.
audit: Final = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("happened", BigInteger, nullable=False),
    #: Empty where nobody known is meant.
    Column("staff", String),
    #: page, export, act, signin or denied.
    Column("what", String, nullable=False),
    Column("path", String, nullable=False),
    #: The filter, as it stood in the address; of an act, what was done.
    Column("query", Text, nullable=False),
    #: Complaints that were shown or taken out; empty where none were counted.
    Column("rows", Integer),
    Index("audit_happened", "happened"),
    Index("audit_staff", "staff", "happened"),
)

#: Filters that people gave a name.
saved_view: Final = Table(
    "saved_view",
    metadata,
    Column("id", String, primary_key=True),
    Column("staff", String, nullable=False),
    Column("name", String, nullable=False),
    #: The page's path.
    Column("page", String, nullable=False),
    Column("query", Text, nullable=False),
    #: Whether others see it too.
    Column("shared", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("saved_view_staff", "staff"),
)
