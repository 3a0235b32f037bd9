"""What `ombud serve` sends by the clock arrives, by e-mail over loopback, once."""

from __future__ import annotations

import threading

from ombud.web.dash.running import Running
from sync.reports.schedule import add_schedule
from tests.receivers import Mailbox
from tests.told_desk import CHANNELS, ToldDesk


def test_figures_of_the_month_before_come_by_mail_once_the_book_is_in_step(tmp_path):
    box = Mailbox()
    desk = ToldDesk(tmp_path, CHANNELS, start="2026-11-24T10:00", LEADS_URL=box.address)
    running = Running(desk.service, {}, stopping=threading.Event())
    add_schedule(
        desk.service, what="kpi", query="", every="monthly", day="1", hour=8, channels=["leads"],
        groups=frozenset(), by=desk.service.persons.named("A. Okafor"), now=desk.now,
    )  # fmt: skip
    desk.on("2026-12-01T08:00")
    assert running.send() == []
    running.keeper.refresh()
    assert [each.why for each in running.send()] == [""]
    assert running.send() == []
    (message,) = box.messages
    assert "Figures of 2026-11" in str(message)
    running.stop(1)
    box.stop()
    desk.service.store.close()
