"""Patterns of receipt and tracking (7.2, 7.3)."""

from __future__ import annotations

from ombud.sandbox.seed_life import (
    CHRISTMAS_MONDAY,
    DST_MONDAY,
    ORDINARY,
    Life,
    Pattern,
)

_COMPLETE = "receipt.complete"
_CATEGORY = "receipt.category"
_KNOWN = "receipt.complainant_known"
_RECORDED = "receipt.recorded_in_time"
_ACKNOWLEDGED = "acknowledge.in_time"
_OWNER = "track.owner"

COMPLETE = (
    *(
        Pattern(f"no_{gap}", ORDINARY.bare("created", gap), ((_COMPLETE, "ack"),))
        for gap in ("channel", "product", "remedy")
    ),
    Pattern(
        "product_a_second_after_acknowledging",
        ORDINARY.bare("created", "product")
        .at(ack="Mon 14:30")
        .edit("late", "Mon 14:30:01", product="a product"),
        ((_COMPLETE, "ack"),),
    ),
    Pattern(
        "channel_emptied_before_acknowledging",
        ORDINARY.edit("emptied", "Mon 14:15", channel=None),
        ((_COMPLETE, "ack"),),
    ),
    Pattern(
        "product_with_acknowledging",
        ORDINARY.bare("created", "product").set("ack", product="a product"),
        nearly=((_COMPLETE, "ack"),),
    ),
    Pattern(
        "remedy_a_second_before_acknowledging",
        ORDINARY.bare("created", "remedy")
        .at(ack="Mon 14:30")
        .edit("just", "Mon 14:29:59", remedy="a remedy"),
        nearly=((_COMPLETE, "ack"),),
    ),
    Pattern(
        "product_emptied_after_acknowledging",
        ORDINARY.edit("emptied", "Tue 09:00", product=None),
        nearly=((_COMPLETE, "ack"),),
    ),
    Pattern(
        "channel_in_the_same_millisecond",
        ORDINARY.bare("created", "channel")
        .at(ack="Mon 14:30")
        .edit("just", "Mon 14:30", channel="phone")
        .first("just"),
        nearly=((_COMPLETE, "ack"),),
    ),
    Pattern(
        "no_remedy_and_never_in_acknowledged",
        ORDINARY.bare("created", "remedy").without("ack"),
        nearly=((_COMPLETE, "hello"),),
    ),
)

CATEGORY = (
    Pattern("no_category", ORDINARY.bare("assess", "category"), ((_CATEGORY, "assess"),)),
    Pattern(
        "category_a_second_late",
        ORDINARY.bare("assess", "category")
        .at(assess="Tue 11:00")
        .edit("late", "Tue 11:00:01", category="delivery"),
        ((_CATEGORY, "assess"),),
    ),
    Pattern(
        "category_emptied_before_assessing",
        ORDINARY.set("created", category="quality")
        .bare("assess", "category")
        .edit("emptied", "Tue 10:00", category=None),
        ((_CATEGORY, "assess"),),
    ),
    Pattern(
        "category_only_at_closing",
        ORDINARY.bare("assess", "category").set("close", category="conduct"),
        ((_CATEGORY, "assess"),),
    ),
    Pattern(
        "assessed_again_without_category",
        ORDINARY.edit("emptied", "Wed 09:00", category=None)
        .edit("again", "Wed 10:00", "assessed")
        .edit("restart", "Wed 11:00", "investigating"),
        ((_CATEGORY, "again"),),
        ((_CATEGORY, "assess"),),
    ),
    Pattern(
        "category_from_the_start",
        ORDINARY.set("created", category="quality").bare("assess", "category"),
        nearly=((_CATEGORY, "assess"),),
    ),
    Pattern(
        "category_a_second_before",
        ORDINARY.bare("assess", "category")
        .at(assess="Tue 11:00")
        .edit("just", "Tue 10:59:59", category="delivery"),
        nearly=((_CATEGORY, "assess"),),
    ),
    Pattern(
        "category_emptied_after_assessing",
        ORDINARY.edit("emptied", "Tue 15:00", category=None),
        nearly=((_CATEGORY, "assess"),),
    ),
    Pattern(
        "category_changed_while_assessing",
        ORDINARY.set("created", category="quality").set("assess", category="delivery"),
        nearly=((_CATEGORY, "assess"),),
    ),
)

KNOWN = (
    Pattern("nobody_to_answer", ORDINARY.bare("created", "complainant"), ((_KNOWN, "ack"),)),
    Pattern(
        "complainant_a_second_late",
        ORDINARY.bare("created", "complainant")
        .at(ack="Mon 14:30")
        .edit("late", "Mon 14:30:01", complainant="customer"),
        ((_KNOWN, "ack"),),
    ),
    Pattern(
        "complainant_emptied_before",
        ORDINARY.edit("emptied", "Mon 14:10", complainant=None),
        ((_KNOWN, "ack"),),
    ),
    Pattern(
        "complainant_only_at_closing",
        ORDINARY.bare("created", "complainant").set("close", complainant="customer"),
        ((_KNOWN, "ack"),),
    ),
    Pattern(
        "acknowledged_again_to_nobody",
        ORDINARY.edit("emptied", "1:Wed 15:00", complainant=None).edit(
            "again", "1:Wed 16:00", "acknowledged"
        ),
        ((_KNOWN, "again"),),
        ((_KNOWN, "ack"),),
    ),
    Pattern(
        "complainant_with_acknowledging",
        ORDINARY.bare("created", "complainant").set("ack", complainant="customer"),
        nearly=((_KNOWN, "ack"),),
    ),
    Pattern(
        "complainant_a_second_before",
        ORDINARY.bare("created", "complainant")
        .at(ack="Mon 14:30")
        .edit("just", "Mon 14:29:59", complainant="customer"),
        nearly=((_KNOWN, "ack"),),
    ),
    Pattern(
        "complainant_emptied_after",
        ORDINARY.edit("emptied", "Mon 16:00", complainant=None),
        nearly=((_KNOWN, "ack"),),
    ),
    Pattern(
        "complainant_unknown_and_never_in_acknowledged",
        ORDINARY.bare("created", "complainant").without("ack"),
        nearly=((_KNOWN, "hello"),),
    ),
)


def _from_tuesday(received: str, created: str) -> Life:
    """Received on Monday, recorded on Tuesday, acknowledged on Wednesday morning."""
    return (
        ORDINARY.set("created", received=received)
        .at(created=created)
        .at(hello="Wed 09:10", ack="Wed 09:30", assess="Wed 10:00", start="Wed 11:00")
    )


def _over_weekend(received: str, created: str, hello: str) -> Life:
    """Received before a weekend, recorded on the Monday after it, assessed on that Tuesday."""
    return (
        ORDINARY.set("created", received=received)
        .at(created=created, hello=hello, ack="1:Tue 09:30", assess="1:Tue 10:00")
        .at(start="1:Tue 11:00", summary="1:Wed 11:00", answer="1:Thu 10:00")
        .at(respond="1:Thu 11:00", decide="1:Thu 13:00", tell="1:Thu 14:00", close="1:Thu 16:00")
    )


# The acknowledgement falls due with the recording: whatever is recorded late is acknowledged late.
_BOTH = ((_RECORDED, "receipt"), (_ACKNOWLEDGED, "receipt"))
RECORDED = (
    Pattern("recorded_a_minute_late", _from_tuesday("Mon 10:00", "Tue 17:01"), _BOTH),
    Pattern("recorded_a_millisecond_late", _from_tuesday("Mon 10:00", "Tue 17:00:00.001"), _BOTH),
    Pattern("received_at_night_recorded_late", _from_tuesday("Mon 23:30", "Tue 17:01"), _BOTH),
    Pattern(
        "received_on_friday_recorded_late",
        _over_weekend("Fri 15:00", "1:Mon 17:01", "1:Tue 09:10"),
        _BOTH,
    ),
    Pattern(
        "received_on_saturday_recorded_late",
        _over_weekend("Sat 11:00", "1:Mon 17:05", "1:Tue 09:10"),
        _BOTH,
    ),
    Pattern(
        "received_on_christmas_eve_recorded_late",
        _over_weekend("Thu 10:00", "1:Mon 17:01", "1:Tue 09:10"),
        _BOTH,
        mondays=CHRISTMAS_MONDAY,
    ),
    Pattern(
        "recorded_exactly_at_the_due",
        _from_tuesday("Mon 10:00", "Tue 17:00"),
        ((_ACKNOWLEDGED, "receipt"),),
        ((_RECORDED, "receipt"),),
    ),
    Pattern(
        "recorded_a_minute_early",
        _from_tuesday("Mon 10:00", "Tue 16:59").at(hello="Tue 16:59:30"),
        nearly=((_RECORDED, "receipt"), (_ACKNOWLEDGED, "receipt")),
    ),
    Pattern(
        "received_on_friday_recorded_in_time",
        _over_weekend("Fri 15:00", "1:Mon 16:58", "1:Mon 16:59"),
        nearly=((_RECORDED, "receipt"), (_ACKNOWLEDGED, "receipt")),
    ),
    Pattern(
        "received_on_christmas_eve_recorded_in_time",
        _over_weekend("Thu 10:00", "1:Mon 16:58", "1:Mon 16:59"),
        nearly=((_RECORDED, "receipt"), (_ACKNOWLEDGED, "receipt")),
        mondays=CHRISTMAS_MONDAY,
    ),
    Pattern(
        "received_before_the_long_night_recorded_in_time",
        _over_weekend("Sat 11:00", "1:Mon 16:59", "1:Mon 17:00"),
        nearly=((_RECORDED, "receipt"), (_ACKNOWLEDGED, "receipt")),
        mondays=DST_MONDAY,
    ),
)

_LOOK_AGAIN = ORDINARY.edit("again", "1:Mon 14:00", "investigating").edit(
    "respond_again", "1:Mon 16:00", "responded"
)
OWNER = (
    Pattern("never_owned", ORDINARY.bare("created", "owner"), ((_OWNER, "start"),)),
    Pattern(
        "owner_a_second_late",
        ORDINARY.bare("created", "owner")
        .at(start="Tue 12:00")
        .edit("late", "Tue 12:00:01", owner="agent"),
        ((_OWNER, "start"),),
    ),
    Pattern(
        "owner_taken_away_before",
        ORDINARY.edit("emptied", "Tue 11:45", owner=None).edit("back", "Wed 09:00", owner="other"),
        ((_OWNER, "start"),),
    ),
    Pattern(
        "looked_at_again_by_nobody",
        _LOOK_AGAIN.edit("emptied", "1:Mon 13:00", owner=None).edit(
            "back", "1:Mon 14:10", owner="agent"
        ),
        ((_OWNER, "again"),),
        ((_OWNER, "start"),),
    ),
    Pattern(
        "reopened_for_nobody",
        ORDINARY.edit("emptied", "1:Thu 09:00", owner=None)
        .edit("again", "1:Thu 10:00", "investigating", reason="The customer wrote again.")
        .edit("back", "1:Thu 10:05", owner="other")
        .edit("respond_again", "1:Thu 14:00", "responded")
        .edit("close_again", "1:Fri 10:00", "done"),
        ((_OWNER, "again"),),
        ((_OWNER, "start"),),
    ),
    Pattern(
        "owner_with_starting",
        ORDINARY.bare("created", "owner").set("start", owner="agent"),
        nearly=((_OWNER, "start"),),
    ),
    Pattern(
        "owner_a_second_before",
        ORDINARY.bare("created", "owner")
        .at(start="Tue 12:00")
        .edit("just", "Tue 11:59:59", owner="agent"),
        nearly=((_OWNER, "start"),),
    ),
    Pattern(
        "owner_taken_away_after",
        ORDINARY.edit("emptied", "Tue 15:00", owner=None),
        nearly=((_OWNER, "start"),),
    ),
    Pattern(
        "customer_replied_while_nobody_owned",
        ORDINARY.edit("wait", "Tue 15:00", "waiting")
        .edit("emptied", "Tue 15:30", owner=None)
        .edit("resume", "Wed 10:00", "investigating")
        .edit("back", "Wed 10:30", owner="other"),
        nearly=((_OWNER, "start"),),
    ),
    Pattern(
        "owner_changed_with_starting",
        ORDINARY.set("start", owner="other"),
        nearly=((_OWNER, "start"),),
    ),
)

PATTERNS = (*COMPLETE, *CATEGORY, *KNOWN, *RECORDED, *OWNER)
