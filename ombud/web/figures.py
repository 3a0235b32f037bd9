"""What Prometheus is told: counts and spans by account, never a ticket, a person, an address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from ombud.model.instant import SECOND
from ombud.store import StoreError
from sync.live.tell import Teller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from sync.live.pulse import Pulse
    from sync.service import Service

_COMMIT: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 20)
_SPANS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
#: A part of a path with a longer number in it names something.
_NAMED: Final = re.compile(r"/[^/ ]*\d{3,}[^/ ]*")


class Figures:
    """Count what the door does, and gather at each look what the rest of the process did."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._registry = CollectorRegistry()
        self._delivered: dict[tuple[str, str], Counter] = {}
        self._deliveries = Counter(
            "ombud_hook_deliveries",
            "Deliveries that came to the door, by how they were taken.",
            ("account", "outcome"),
            registry=self._registry,
        )
        self.commit = Histogram(
            "ombud_hook_commit_seconds",
            "Time that a batch of hints took to be stored for good.",
            buckets=_COMMIT,
            registry=self._registry,
        )
        self.settled = Histogram(
            "ombud_hint_settled_seconds",
            "Time from a hint's coming to the end of settling its ticket.",
            ("account",),
            buckets=_SPANS,
            registry=self._registry,
        )
        self.moved_back = Histogram(
            "ombud_event_moved_back_seconds",
            "Time from a closing in the helpdesk to its confirmed move back, by both clocks.",
            ("account",),
            buckets=_SPANS,
            registry=self._registry,
        )

    def watch(self, service: Service, pulses: Mapping[str, Pulse]) -> None:
        """Gather from a service and its accounts at each look, and be told of what takes how long."""
        self._registry.register(_Gathering(service, pulses))
        for account, pulse in pulses.items():
            settled = self.settled.labels(account)
            pulse.on_settled.append(lambda span, settled=settled: settled.observe(span / SECOND))  # type: ignore[misc]
            moved = self.moved_back.labels(account)
            pulse.on_moved_back.append(
                lambda span, moved=moved: moved.observe(max(span, 0) / SECOND)  # type: ignore[misc]
            )

    def delivered(self, account: str, outcome: str) -> None:
        """Count a delivery; `account` is "" where it is nobody's."""
        held = self._delivered.get((account, outcome))
        if held is None:
            held = self._deliveries.labels(account, outcome)
            self._delivered[account, outcome] = held
        held.inc()

    def queue(self, depth: Callable[[], int]) -> None:
        """Ask for the depth of the door's queue at each look."""
        gauge = Gauge(
            "ombud_hook_queue_depth",
            "Deliveries that wait for a commit.",
            registry=self._registry,
        )
        gauge.set_function(depth)

    def text(self) -> bytes:
        """Give all of it as Prometheus reads it."""
        return generate_latest(self._registry)


class _Gathering:
    """Read what is known elsewhere, when asked."""

    def __init__(self, service: Service, pulses: Mapping[str, Pulse]) -> None:
        self._service = service
        self._pulses = pulses

    def describe(self) -> Iterable[Metric]:
        """Say nothing beforehand: the database is not asked before somebody looks."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give what there is; without a database what the process knows by itself."""
        yield from self._of_accounts()
        try:
            stored = list(self._of_database())
        except StoreError:
            stored = []
        up = GaugeMetricFamily("ombud_database_up", "Whether the database answers.")
        up.add_metric([], bool(stored))
        yield up
        yield from stored

    def _of_accounts(self) -> Iterator[Metric]:
        now, service = self._service.now(), self._service
        counted = {
            "settled": "Tickets settled for a hint or a deadline.",
            "moved_back": "Tickets moved back.",
            "fired": "Deadlines and other instants that came.",
            "sweeps": "Sweeps that ended.",
        }
        for name, said in counted.items():
            family = CounterMetricFamily(f"ombud_{name}", said, labels=["account"])
            for account, pulse in self._pulses.items():
                family.add_metric([account], getattr(pulse, name))
            yield family
        age = GaugeMetricFamily(
            "ombud_sweep_age_seconds", "Time since the last sweep ended.", labels=["account"]
        )
        held = GaugeMetricFamily(
            "ombud_account_held", "Whether this process has the account.", labels=["account"]
        )
        resting = GaugeMetricFamily(
            "ombud_account_resting",
            "Whether its helpdesk is left alone after an error.",
            labels=["account"],
        )
        calls = CounterMetricFamily(
            "ombud_helpdesk_calls", "Requests to the helpdesk.", labels=["account", "operation"]
        )
        for account, pulse in self._pulses.items():
            held.add_metric([account], pulse.held)
            resting.add_metric([account], now < pulse.resting)
            if pulse.last_sweep is not None:
                age.add_metric([account], (now - pulse.last_sweep) / SECOND)
            for operation, count in _by_kind(service.calls(account)).items():
                calls.add_metric([account, operation], count)
        yield from (age, held, resting, calls)

    def _of_database(self) -> Iterator[Metric]:
        live = self._service.store.live
        backlog = live.backlog()
        waiting = {
            "ombud_hints_waiting": ("Hints that no settle has looked at yet.", backlog.hints),
            "ombud_outbox_waiting": ("Plans that wait to be sent.", backlog.plans),
            "ombud_notices_waiting": ("Notices that nobody was told yet.", backlog.notices),
        }
        for name, (said, counts) in waiting.items():
            family = GaugeMetricFamily(name, said, labels=["account"])
            for account in self._pulses:
                family.add_metric([account], counts.get(account, 0))
            yield family
        failing = GaugeMetricFamily(
            "ombud_channel_failing_seconds",
            "For how long a channel to people has taken nothing; 0 where it does.",
            labels=["channel"],
        )
        now = self._service.now()
        for name, state in Teller(self._service).states().items():
            failing.add_metric([name], (now - (state.failing or now)) / SECOND)
        yield failing
        complete = GaugeMetricFamily(
            "ombud_ledger_complete_ratio",
            "Complaints read, of those expected, by the last census.",
            labels=["account", "binding"],
        )
        for row in {(row.account, row.binding): row for row in live.ledger()}.values():
            if row.expected:
                complete.add_metric([row.account, row.binding], row.read / row.expected)
        yield complete


def _by_kind(calls: Mapping[str, int]) -> dict[str, int]:
    """Count calls by method and path, whatever names a ticket or a person left out."""
    found: dict[str, int] = {}
    for operation, count in calls.items():
        kind = _NAMED.sub("/{id}", operation.partition("?")[0])
        found[kind] = found.get(kind, 0) + count
    return found
