"""What ombud.toml says of the dashboard: how long a sign-in lasts, and who else vouches for people."""

from __future__ import annotations

import ipaddress
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from ombud.toml import Strict, Texts

Role = Literal["viewer", "compliance", "admin", "auditor"]


class OidcSettings(Strict):
    """Name who vouches for people by OpenID Connect; the secret is OMBUD_OIDC_SECRET."""

    issuer: str
    client_id: str = Field(min_length=1)
    #: What the button says.
    name: str = "your organisation"
    scopes: Texts = ("openid", "email", "profile")
    #: Claim with somebody's roles, and which of ours each of them is; without, the staff list tells roles.
    role_claim: str | None = None
    roles: dict[str, Role] = Field(default_factory=dict)
    #: Claim with the restricted groups somebody may see; without, the staff list tells them.
    groups_claim: str | None = None
    #: What becomes of people of whom neither the claim nor the staff list tells a role.
    unknown: Literal["refuse", "viewer"] = "refuse"
    #: Hosts besides the issuer's that its own document may name.
    hosts: Texts = ()

    @field_validator("issuer")
    @classmethod
    def _safe(cls, issuer: str) -> str:
        if not safe_address(issuer):
            raise ValueError(f"{issuer!r} is no https address")
        if urlsplit(issuer).query or urlsplit(issuer).fragment:
            raise ValueError(f"{issuer!r} has more than a host and a path")
        return issuer


class DashboardSettings(Strict):
    """Say how people sign in to the dashboard, and for how long."""

    #: Whose complaints these are, as it stands on every page.
    organisation: str = Field(default="", max_length=80)
    #: What the organisation wants, in percent: complaints without a major failure, and answers in time.
    objective: float = Field(default=90, ge=0, le=100)
    on_time: float = Field(default=95, ge=0, le=100)
    #: Whether figures are shown by the person who owns a complaint.
    figures_by_agent: bool = False
    #: Rows that a file holds at most.
    export_rows: int = Field(default=1_000_000, ge=1, le=10_000_000)
    #: Whether passwords are taken; without, people sign in by OpenID Connect or by a link.
    passwords: bool = True
    #: A session ends after so many hours without a request, and after so many days in any case.
    idle_hours: float = Field(default=8, gt=0, le=24 * 30)
    longest_days: float = Field(default=7, gt=0, le=90)
    #: The longest an API token may last.
    token_days: int = Field(default=365, ge=1, le=3660)
    #: Requests that one person may send to the API within a minute.
    api_per_minute: int = Field(default=600, ge=1, le=1_000_000)
    #: Addresses of proxies whose word on who asks is taken; this machine's own always is.
    proxies: Texts = ()
    oidc: OidcSettings | None = None

    @field_validator("proxies")
    @classmethod
    def _addresses(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for each in proxies:
            try:
                ipaddress.ip_network(each)
            except ValueError as error:
                raise ValueError(
                    f"{each!r} is no address; write 10.0.0.1 or 10.0.0.0/24"
                ) from error
        return proxies


#: Where a test's or a developer's issuer may be reached without TLS.
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def safe_address(address: str) -> bool:
    """Tell whether an address is one of https, or leads to this machine alone."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)
