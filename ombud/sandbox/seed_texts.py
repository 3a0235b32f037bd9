"""Words for a believable desk: invented names, products and complaints, some of them hostile to a careless reader."""

from __future__ import annotations

GIVEN = (
    "Aylin", "Boris", "Chiara", "Dorothea", "Edgar", "Fatou", "Gunnar", "Hanne", "Ismail", "Jolanta",
    "Kenji", "Lieselotte", "Mateo", "Noor", "Ove", "Paulina", "Quirin", "Rosa", "Sven", "Tomasz",
)  # fmt: skip
FAMILY = (
    "Abendroth", "Brzozowski", "Castellano", "D'Amico", "Eriksen", "Fünfstück", "Grönlund", "Hartung",
    "Ibáñez", "Jørgensen", "Kowalczyk", "Lindqvist", "Müßig", "Nakagawa", "O'Shea", "Pfeifer",
)  # fmt: skip

PRODUCTS = (
    "Kettle K2", "Tariff Basic", "Tariff Plus", "Coffee mill M4", "Boiler B9", "Home insurance",
    "Parcel service", "Bicycle hire", "Dishwasher D7", "Broadband 100", "Travel card",
)  # fmt: skip
REMEDIES = ("Refund", "Replacement", "An apology", "Repair", "A corrected bill", "Compensation")
SUMMARIES = (
    "The meter was read twice; the second reading was billed.",
    "The parcel lay in the depot for nine days because the label was torn.",
    "The thermostat of this batch opens too late.",
    "The conversation was heard again; the tone was curt.",
    "Der Vertrag war schon im Mai gekündigt, die Abbuchung lief weiter.",
)
OFFERS = (
    "Refund of the full price", "Replacement by Friday", "No remedy: the bill is right", "A voucher",
)  # fmt: skip
ACTIONS = (
    "Check readings twice before billing",
    "New label printer in the depot",
    "Batch recalled",
    "Talk with the team about difficult calls",
)
REASONS = ("The customer wrote again.", "New evidence came in.", "The wrong letter went out.")

COMPLAINTS = (
    ("{product} stopped working after a week", "It simply will not switch on any more. I want this put right."),
    ("Charged twice for {product}", "My account shows the same amount on two days running."),
    ("Rude on the telephone", "I asked about my {product} and was told to read the manual."),
    ("Delivery of {product} never came", "I took two days off work and nobody rang."),
    ("{product}: falsche Abrechnung", "Die Rechnung nennt einen Zeitraum, in dem ich gar kein Kunde war."),
    ("{product} arrivé cassé", "Le colis était ouvert et l'appareil rayé."),
    ("{product} no funciona", "Llevo tres semanas esperando una respuesta."),
    ("{product} działa źle", "Proszę o zwrot pieniędzy."),
    ("{product}が届きません", "先週届くはずでした。ご確認ください。"),
    ("شكوى بخصوص {product}", "لم أستلم أي رد حتى الآن."),
    ("Smell of burning from {product}", "I have unplugged it. Please tell me whether it is dangerous."),
)  # fmt: skip
HOSTILE = (
    ("<script>alert('{product}')</script>", "<img src=x onerror=alert(1)> & <b>bold</b> {{constructor}}"),
    ("@channel @all {product} is broken", "[~accountid:acc-anna] <!here> @everyone please look"),
    ('=HYPERLINK("https://example.org","{product}")', "+1+1\n-2\n@SUM(A1:A9)\n=cmd|' /C calc'!A0"),
    ('project = CMP AND summary ~ "{product}\\"" ORDER BY', "' OR 1=1; DROP TABLE issue; -- \" \\ %00"),
    ("\u202eesrever\u202c \u2066{product}\u2069", "zero\u200bwidth \u202bright to left\u202c and back"),
    ("#response #decision {product}", "I was told to write #response, so I write #response and #decision."),
    ("{product} 🧯🔥 " + "very " * 30 + "long", "line\r\nbreak\ttab \u0085 next \u2028 line"),
)  # fmt: skip
CUSTOMER_NOTES = (
    "Any news?",
    "> #decision This is what we have decided.\nI do not agree with what you quote here.",
    "Ich warte immer noch.",
    "Thank you for calling.",
    "You wrote #response but I see no answer.",
    "<b>Still</b> broken =1+1",
)
INTERNAL_NOTES = (
    "Same batch as last month.",
    "#decision draft for tomorrow, not sent yet",
    "Rang the depot, no answer.",
    "Bitte vor dem Versand gegenlesen.",
)
AUTOMATIC_REPLIES = (
    "This is an automatic reply: your message has reached us.",
    "Auto-reply: our office opens at nine.",
)
ANSWERS = (
    "We are sorry for the trouble.",
    "Please write to us if anything is left open.",
    "Es tut uns leid, dass es so weit gekommen ist.",
    "If you do not agree, the ombudsman at example.org will hear you.",
)
