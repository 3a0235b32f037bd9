"""What ombud.toml says of notifications: channels, routes, quiet hours."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ombud.toml import Strict, Texts, listed

NoticeKind = Literal["breach", "warning", "block", "insists", "blindness", "breaker", "hook"]
Weight = Literal["major", "minor", "observation"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Rhythm = Literal["immediately", "hourly", "daily"]
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
_VARIABLE: Final = r"^[A-Z][A-Z0-9_]*$"

Kinds = Annotated[tuple[NoticeKind, ...], BeforeValidator(listed)]
Weights = Annotated[tuple[Weight, ...], BeforeValidator(listed)]
QuietDays = Annotated[tuple[Day, ...], BeforeValidator(listed)]


class Channel(Strict):
    """Name where people are told: the variable that holds an Apprise address, for whoever has that may write there."""

    url_env: str = Field(pattern=_VARIABLE)
    url: None = None

    @field_validator("url", mode="before")
    @classmethod
    def _secret(cls, url: object) -> object:
        if url is None:
            return None
        # What was written is not repeated: it is a secret.
        raise PydanticCustomError(
            "secret",
            "is a secret and does not belong here",
            {"remedy": 'Put it in the environment or in .env, and name it: url_env = "OMBUD_..."'},
        )


class When(Strict):
    """Say which notices a route is for: of every list one has to fit, and an empty one fits all."""

    kind: Kinds = ()
    severity: Weights = ()
    #: Rule ids, `*` for any run of letters.
    rule: Texts = ()
    binding: Texts = ()
    account: Texts = ()


class Route(Strict):
    """Say who is told of some notices, how often, and whether quiet hours are kept."""

    when: When = Field(default_factory=When)
    to: Texts
    digest: Rhythm = "immediately"
    quiet: bool = True


class Quiet(Strict):
    """Say when nobody is told anything, but for some kinds of notices."""

    begin: str | None = Field(default=None, alias="from", pattern=_TIME)
    until: str | None = Field(default=None, pattern=_TIME)
    #: Quiet all day.
    days: QuietDays = ()
    #: A calendar on whose closed days it is quiet all day.
    calendar: str | None = None
    #: Kinds that are told at any hour.
    pierce: Kinds = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Quiet:
        if (self.begin is None) != (self.until is None):
            raise ValueError("`from` and `until` go together")
        if self.begin is not None and self.begin == self.until:
            raise ValueError("begins and ends at the same time; name `days` for whole days")
        if set(self.days) == set(DAYS):
            raise ValueError("it would be quiet for ever; leave a day out")
        return self


class NotifySettings(Strict):
    """Say who is told of what, where and when."""

    #: Zone of quiet hours and digests; that of the first binding's desk without.
    zone: str | None = None
    #: When daily digests go.
    daily: str = Field(default="08:00", pattern=_TIME)
    channels: dict[str, Channel] = Field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    quiet: Quiet | None = None

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        try:
            if zone is not None:
                ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"{zone!r} is no IANA time zone; write for instance Europe/Berlin"
            ) from error
        return zone
