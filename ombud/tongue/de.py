"""Deutsch. Articles are avoided by quoting labels; agents are addressed with Sie, persons are named without a gender."""

from __future__ import annotations

from typing import Final

from ombud.model.word import Flaw, Verb
from ombud.tongue.de_words import LABELS, MILESTONES, VALUES
from ombud.tongue.form import PageWords, Reading, Tongue

_NOT_REACHED: Final = {
    "received": "Der Eingang der Beschwerde steht nicht fest.",
    "recorded": "Die Beschwerde ist noch nicht erfasst.",
    "acknowledged": "Der Eingang ist noch nicht bestätigt.",
    "assessed": "Die Beschwerde ist noch nicht bewertet.",
    "investigated": "Die Untersuchung ist noch nicht dokumentiert.",
    "responded": "Die Beschwerde ist noch nicht beantwortet.",
    "holding_sent": "Ein Zwischenbescheid ist noch nicht verschickt.",
    "decided": "Die Entscheidung ist noch nicht festgehalten.",
    "decision_told": "Die Entscheidung ist noch nicht mitgeteilt.",
    "remedy_done": "Die Abhilfe ist noch nicht umgesetzt.",
    "closed": "Die Beschwerde ist noch nicht geschlossen.",
    "reopened": "Die Beschwerde ist nicht wieder geöffnet.",
    "escalated": "Die Beschwerde ist noch nicht eskaliert.",
    "last_update": "Zum Stand der Beschwerde ist noch nichts mitgeteilt.",
}

_ADVICE: Final = {
    "acknowledged": f"{_NOT_REACHED['acknowledged']} Bitte senden Sie eine öffentliche Antwort.",
    "assessed": f"{_NOT_REACHED['assessed']} Bitte verschieben Sie sie in die Phase „Bewertung“.",
    "investigated": f"{_NOT_REACHED['investigated']} Bitte fassen Sie das Ergebnis zusammen.",
    "responded": f"{_NOT_REACHED['responded']} Bitte senden Sie die Antwort und kennzeichnen Sie sie als solche.",
    "decided": f"{_NOT_REACHED['decided']} Bitte verschieben Sie die Beschwerde in die Phase „Entscheidung“.",
    "decision_told": (
        f"{_NOT_REACHED['decision_told']} Bitte antworten Sie und kennzeichnen Sie die Antwort als Entscheidung."
    ),
    "recorded": "Die Beschwerde wurde spät erfasst; das lässt sich nicht mehr ändern.",
    "last_update": "Die letzte Nachricht zum Stand ist zu lange her. Bitte teilen Sie mit, wie es um die Beschwerde steht.",
}


def _inner(sentence: str) -> str:
    """Sentences begin with a quoted label, or with a word that is no noun."""
    return sentence[:1].lower() + sentence[1:]


TONGUE: Final = Tongue(
    code="de",
    name="Deutsch",
    days=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    months=(
        "Jan.",
        "Feb.",
        "März",
        "Apr.",
        "Mai",
        "Juni",
        "Juli",
        "Aug.",
        "Sep.",
        "Okt.",
        "Nov.",
        "Dez.",
    ),
    moment="{day} {date}. {month}, {time} Uhr",
    day="{day:02}.{month:02}.{year}",
    day_time="{day:02}.{month:02}.{year}, {time} Uhr",
    decimal=",",
    thousands=".",
    title="Beschwerderichtlinie",
    missing=("1 Punkt offen", "{count} Punkte offen"),
    late=("1 Punkt überfällig", "{count} Punkte überfällig"),
    before="vor dem Schließen",
    closed="Diese Beschwerde wurde am {when}, geschlossen und ist wieder offen.",
    decision_sent="Die Entscheidung ist bereits mitgeteilt; dabei bleibt es.",
    stays={
        "insists": "Diese Beschwerde wurde erneut geschlossen und bleibt es. Bitte sprechen Sie die Beschwerdeverantwortlichen an.",
        "refused": (
            "Diese Beschwerde wurde am {when}, geschlossen und ließ sich nicht wieder öffnen. "
            "Bitte öffnen Sie sie selbst wieder oder wenden Sie sich an die Administration."
        ),
        "budget": (
            "Diese Beschwerde wurde am {when}, geschlossen und nicht wieder geöffnet, weil es sehr viele auf einmal waren. "
            "Bitte öffnen Sie sie selbst wieder."
        ),
    },
    more=("Und 1 weiterer Punkt.", "Und {count} weitere Punkte."),
    due="{label} fällig: {when}.",
    was_due="Die Frist war {when}.",
    then="Danach können Sie sie wieder schließen.",
    to_close="Zum Schließen fehlt noch: {labels}",
    and_more=(" und 1 weiterer Punkt", " und {count} weitere Punkte"),
    page="Kann ich schließen? {url}",
    mass="{count} Beschwerden mit diesem Ticket geschlossen",
    mass_open="Ihnen fehlt noch etwas, und sie sind wieder offen. In jeder steht, was fehlt.",
    mass_opening="Ihnen fehlt noch etwas, und sie werden wieder geöffnet, die letzte bis {when}. In jeder steht, was fehlt.",
    mass_stay=(
        "Alle bis auf 1: Sie ließ sich nicht wieder öffnen.",
        "Alle bis auf {count}: Sie ließen sich nicht wieder öffnen.",
    ),
    mass_lack="Bei {count} fehlt: {thing}",
    mass_more=("Und 1 weiterer Punkt.", "Und {count} weitere Punkte."),
    answer="„{word}“: {line}",
    checked_clear="Geprüft am {when}: Zum Schließen fehlt nichts.",
    checked_lacks="Geprüft am {when}: Zum Schließen fehlt noch {labels}.",
    checked_open="Nicht feststellbar: {rules}.",
    called="Anruf vom {when}, vermerkt.",
    reason_noted="Grund vom {when}, warum es keine Beschwerde ist: vermerkt.",
    receipt_noted="Eingang vermerkt: {day}.",
    receipt_later="{day} liegt nach dem Ticket selbst. Der Eingang bleibt, wie er ist.",
    approved="Ausnahme {id} freigegeben durch {who}.",
    disputed="Einwand {id} gegen {rule} vermerkt; bis zur Entscheidung bleibt die Feststellung bestehen.",
    asked_for="Ausnahme von {rule} bis {day} beantragt. Eine andere Person gibt sie frei: /ombud approve {id}",
    not_waivable="Von {rule} gibt es keine Ausnahme: Ihre Begründung ist vermerkt, der Verstoß bleibt.",
    forms={
        Verb.check: "/ombud check",
        Verb.called: "/ombud called",
        Verb.received: "/ombud received 2026-11-23",
        Verb.not_complaint: "/ombud not-complaint GRUND",
        Verb.dispute: "/ombud dispute REGEL GRUND",
        Verb.waive: "/ombud waive REGEL GRUND until 2026-12-31",
        Verb.approve: "/ombud approve ID",
    },
    flaws={
        Flaw.unknown: "„{told}“ ist nicht bekannt. Möglich sind: {known}.",
        Flaw.bare: "Hinter „{told}“ steht nichts. Bitte schreiben Sie: {form}",
        Flaw.no_reason: "Der Grund fehlt. Bitte schreiben Sie: {form}",
        Flaw.no_end: "Das Ende fehlt. Bitte schreiben Sie: {form}",
        Flaw.no_rule: "Die Regel oder der Grund fehlt. Bitte schreiben Sie: {form}",
        Flaw.no_date: "„{told}“ ist kein Datum. Bitte beginnen Sie mit dem Jahr: {form}",
    },
    refusals={
        "early": "Das wurde geschrieben, bevor dieser Helpdesk zum ersten Mal gelesen wurde. Bitte schreiben Sie es noch einmal.",
        "unlinked": (
            "Ihr Konto gehört zu keiner bekannten Person, also lässt sich nicht sagen, ob eine andere die Ausnahme beantragt hat. "
            "Die Administration kann es unter [persons] in ombud.toml eintragen."
        ),
        "no_rule": "{binding} hat keine Regel „{rule}“.",
        "near_rule": "{binding} hat keine Regel „{rule}“. Meinen Sie „{near}“?",
        "no_reason": "Der Grund fehlt.",
        "past": "Eine Ausnahme endet in der Zukunft, und {day} ist vorbei. Bitte nennen Sie einen späteren Tag.",
        "too_long": "Eine Ausnahme gilt höchstens {days} Tage. Bitte nennen Sie einen früheren Tag.",
        "no_waiver": "Eine Ausnahme {id} gibt es nicht.",
        "expired": "Die Ausnahme {id} ist abgelaufen. Bitte beantragen Sie eine neue.",
        "revoked": "Die Ausnahme {id} wurde widerrufen. Bitte beantragen Sie eine neue.",
        "refused": "Die Ausnahme {id} wurde abgelehnt. Bitte beantragen Sie eine neue.",
        "same_person": "Die Ausnahme {id} hat dieselbe Person beantragt. Freigeben kann sie nur eine andere.",
        "no_approver": "Freigeben können nur die Personen, die ombud.toml dafür nennt: {approvers}.",
    },
    on_page=PageWords(
        question="Kann ich schließen?",
        helpdesk="{key} im Helpdesk",
        undecided="{key}: Ob es eine Beschwerde ist, ist noch nicht entschieden. Bis dahin gilt keine Regel.",
        no_complaint="{key} ist hier keine Beschwerde. Keine Regel der Beschwerderichtlinie gilt dafür.",
        closed_clear="Die Beschwerde ist geschlossen, und nichts fehlt.",
        closed_lacks=(
            "Die Beschwerde ist geschlossen, und 1 Punkt ist offen.",
            "Die Beschwerde ist geschlossen, und {count} Punkte sind offen.",
        ),
        lacks=("Noch nicht: 1 Punkt ist offen.", "Noch nicht: {count} Punkte sind offen."),
        cannot_tell="Das lässt sich nicht sagen.",
        clear="Ja: Zum Schließen fehlt nichts.",
        missing="Offen",
        needed="Zum Schließen nötig",
        late="Überfällig",
        was_due="Frist war {when}",
        running="Laufende Fristen",
        due="fällig {when}",
        untold="Nicht feststellbar",
        no_evidence="{title}: Der Nachweis fehlt.",
        blocks="ohne das bleibt das Ticket nicht geschlossen",
        gone="Der Helpdesk zeigt uns das Ticket nicht mehr.",
        stale="Das Ticket ließ sich zuletzt nicht lesen; was hier steht, kann veraltet sein.",
        no_stage="Der Status ist keiner Stufe zugeordnet, daher ist nicht bekannt, ob die Beschwerde geschlossen ist.",
        read="So zeigte es der Helpdesk: {when}.",
        not_read="Seit dem Start von Ombud noch nicht gelesen; gezeigt wird, was gespeichert ist.",
        judged="Beurteilt: {when}, Zeiten in {zone}.",
        asked="Erneut angefragt: {when}; bitte laden Sie die Seite in einigen Sekunden neu.",
        look_again="Noch einmal nachsehen",
    ),
    reading=Reading(
        labels=LABELS,
        milestones=MILESTONES,
        not_reached=_NOT_REACHED,
        advice=_ADVICE,
        values=VALUES,
        quoted="„{word}“",
        empty="{label} fehlt.",
        not_known="{label} ist nicht bekannt.",
        left_empty="{label} muss leer bleiben.",
        not_reached_yet="{label} steht noch aus.",
        reached_unknown="Ob es {label} schon gab, ist nicht bekannt.",
        reached_early="{label} darf es noch nicht geben.",
        wanted={
            "equals": "{label} muss {words} sein.",
            "equals_not": "{label} darf nicht {words} sein.",
            "one_of": "{label} muss {words} sein.",
            "none_of": "{label} darf nicht {words} sein.",
            "at_least": "{label} muss mindestens {words} sein.",
            "below": "{label} muss unter {words} liegen.",
            "at_most": "{label} darf höchstens {words} sein.",
            "above": "{label} muss über {words} liegen.",
            "same_as": "{label} und {other} müssen übereinstimmen.",
            "differs_from": "{label} und {other} müssen sich unterscheiden.",
            "not_after": "{label} darf nicht nach {other} liegen.",
            "after": "{label} muss nach {other} liegen.",
        },
        either="oder",
        ways="Eines davon ist zu ergänzen: {sentences}.",
        inner=_inner,
        fill_in="{sentence} Bitte füllen Sie das Feld aus.",
        choose="{sentence} Bitte wählen Sie: {choices}.",
        change="{sentence} Bitte korrigieren Sie die Angabe.",
        clear="{sentence} Bitte leeren Sie das Feld.",
        more_choices="{count} weitere",
        sides="Die Beschwerde ist geschlossen in {closed} und offen in {open}.",
    ),
)
