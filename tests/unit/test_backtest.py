"""A backtest: one evaluator, two readings with the same counts, and nothing written."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ombud.commands.backtest import backtest as command
from ombud.commands.measures import measures as measures_command
from ombud.model.instant import DAY
from policies.vocabulary import PackError
from sync.backtest import backtest, candidate, summary
from sync.facts import facts_folder
from sync.findings import ONE_SIDED, RECEIPT_EDITED, SCOPE_LEFT
from sync.tried import Asked, Unreadable
from tests.histories import fill, service_over

PACK = "iso10002"
OF_EVERY_BINDING = {SCOPE_LEFT, ONE_SIDED, RECEIPT_EDITED}
#: A term with per-severity lists, one with an extension, one with pauses, a list and a number.
CHANGES = {
    "acknowledge_business_days": "3",
    "respond_business_days": "15",
    "respond_high_business_days": "6",
    "investigate_business_days": "4",
    "serious": "critical, high, medium",
    "contact_attempts_minimum": "3",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with service_over(tmp_path_factory.mktemp("desk"), PACK, "standard") as opened:
        fill(opened, 120)
        yield opened


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    with service_over(tmp_path_factory.mktemp("strict"), PACK, "strict") as opened:
        fill(opened, 200)
        yield opened


def asked(service, **told):
    bound = service.bounds[0]
    return Asked(**({"bound": bound, "against": None, "since": None, "until": service.now(), "sample": 6} | told))  # fmt: skip


def same(service, asking) -> dict:
    """Run both readings, hold them equal, and give what they say."""
    rows = backtest(service, asking, reading="rows").as_json()
    sql = backtest(service, asking, reading="sql").as_json()
    assert (rows.pop("reading"), sql.pop("reading")) == ("rows", "sql")
    for name in rows:
        assert sql[name] == rows[name], name
    return rows


def test_a_backtest_says_what_check_says(strict) -> None:
    service = strict
    checked = Counter(
        (finding.rule, finding.verdict.value)
        for finding, _, _ in service.check()
        if finding.rule not in OF_EVERY_BINDING
    )
    told = backtest(service, asked(service), reading="rows").tally.verdicts
    assert told == checked
    assert {verdict for _, verdict in told} >= {
        "pass",
        "fail",
        "pending",
        "not_applicable",
        "unknown",
    }


def test_both_readings_count_the_same(strict) -> None:
    told = same(strict, asked(strict))
    assert told["complaints"] == 200
    assert told["flagged"] > 0
    assert told["agents"]
    assert len(told["sample"]) == 6


@pytest.mark.parametrize("pack", ["uk-ofcom", "us-fda-qmsr", "au-asic-rg271"])
def test_both_readings_count_the_same_by_editions_and_other_clocks(pack, tmp_path) -> None:
    with service_over(tmp_path, pack, "standard") as opened:
        fill(opened, 150, seed=7)
        assert same(opened, asked(opened))["findings"] > 100


def test_changed_terms_are_reckoned_in_batch_with_the_same_verdicts(strict) -> None:
    service = strict
    same(service, asked(service))
    tried = candidate(service, service.bounds[0], params=CHANGES)
    told = same(service, asked(service, bound=tried, against=service.bounds[0]))
    turned = {line["rule"] for line in told["turned"]}
    # A longer term lets some pass that failed, a shorter one the other way round; a wider list fails more.
    assert told["newly_passing"]["findings"] > 0
    assert told["newly_failing"]["findings"] > 0
    assert {"acknowledge.in_time", "investigate.in_time"} <= turned


def test_a_period_takes_complaints_by_receipt_and_leaves_out_what_came_later(service) -> None:
    until = service.now() - 200 * DAY
    told = same(service, asked(service, since=until - 200 * DAY, until=until, past=True))
    assert 0 < told["complaints"] < 120
    assert all(line["week"] <= "2026-05-11" for line in told["weeks"])


def test_only_some_rules(service) -> None:
    told = same(service, asked(service, only=frozenset({"respond.in_time", "close.outcome"})))
    assert {line["rule"] for line in told["rules"]} == {"respond.in_time", "close.outcome"}
    assert told["findings"] == sum(line[v] for line in told["rules"] for v in told["verdicts"])


def test_the_same_pack_turns_nothing(service) -> None:
    told = same(service, asked(service, against=service.bounds[0]))
    assert told["turned"] == []


def test_nothing_is_written_but_facts(service) -> None:
    before = (service.store.digest(), service.store.counts())
    backtest(service, asked(service), reading="rows")
    backtest(service, asked(service), reading="sql")
    assert (service.store.digest(), service.store.counts()) == before
    assert list(service.store.findings()) == []


def test_facts_are_kept_until_something_changes(tmp_path) -> None:
    with service_over(tmp_path, PACK, "starter") as opened:
        fill(opened, 30)
        first = same(opened, asked(opened))
        stamp = facts_folder(opened, opened.bounds[0]).path / "stamp.json"
        written = stamp.stat().st_mtime_ns
        same(opened, asked(opened))
        assert stamp.stat().st_mtime_ns == written
        fill(opened, 45, seed=3)
        assert same(opened, asked(opened))["complaints"] > first["complaints"]


def test_time_alone_changes_what_is_due(tmp_path) -> None:
    with service_over(tmp_path, PACK, "standard") as opened:
        fill(opened, 60)
        pending = same(opened, asked(opened))["verdicts"]["pending"]
        assert pending > 0
        later = same(opened, asked(opened, until=opened.now() + 40 * DAY))
        assert later["verdicts"]["pending"] < pending


def test_one_rule_for_the_gate_of_its_rollout(service) -> None:
    told = summary(service, "complaints", "respond.in_time")
    assert told["rule"] == "respond.in_time"
    assert told["pass"] + told["fail"] + told["unknown"] + told["pending"] > 0
    assert told["complaints"] == 120
    assert json.dumps(told)
    with pytest.raises(KeyError, match="no rule"):
        summary(service, "complaints", "respond.never")


def test_a_candidate_refuses_what_its_pack_does_not_know(service) -> None:
    bound = service.bounds[0]
    with pytest.raises(PackError, match="there is no such parameter"):
        candidate(service, bound, params={"respond_busines_days": "3"})
    with pytest.raises(PackError, match="asks for a number"):
        candidate(service, bound, params={"respond_business_days": "soon"})
    with pytest.raises(PackError, match="no profile"):
        candidate(service, bound, profile="strictest")


def test_what_is_blocked_counts_as_moved_back_only_where_it_may_block(service) -> None:
    blocking = backtest(service, asked(service), reading="rows").summary()
    flagging = backtest(service, asked(service, cap="flag"), reading="rows").summary()
    assert blocking["moved_back"] > 0
    assert (flagging["moved_back"], flagging["move_backs"]) == (0, 0)
    assert flagging["flagged"] == blocking["flagged"]
    observing = backtest(service, asked(service, cap="observe"), reading="rows").summary()
    assert (observing["flagged"], observing["notes"]["notes"]) == (0, 0)


def test_waivers_leave_the_row_reading_alone_to_answer(service, monkeypatch) -> None:
    monkeypatch.setattr(service, "waivers", lambda _: ("something",))
    with pytest.raises(Unreadable, match="waivers"):
        backtest(service, asked(service), reading="sql")


# The command.


@pytest.fixture
def run(service):
    app = typer.Typer()
    folder = service.settings.folder

    @app.callback()
    def options(context: typer.Context) -> None:
        context.obj = folder / "ombud.toml"

    app.command("backtest")(command)
    app.command("measures")(measures_command)
    return lambda *words: CliRunner().invoke(app, list(words))


def test_the_command_prints_counts_before_lists_and_the_next_step(run) -> None:
    told = run("backtest", "--since", "5y", "--sample", "3")
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert "120 complaints" in lines[0]
    assert "Nothing was written to a helpdesk" in lines[0]
    assert "By rule" in told.output
    assert "Drawn for review" in told.output
    assert lines[-1].startswith("Next: ombud backtest")


def test_the_command_writes_tables_and_a_chart(run, tmp_path: Path) -> None:
    told = run("backtest", "--param", "respond_business_days=4", "--out", str(tmp_path / "b"), "--format", "json")  # fmt: skip
    assert told.exit_code == 0, told.output
    printed = json.loads(told.output)
    names = {path.name for path in (tmp_path / "b").iterdir()}
    assert names == {"summary.json", "rules.csv", "weeks.csv", "teams.csv", "agents.csv", "sample.csv", "turned.csv", "backtest.svg"}  # fmt: skip
    kept = json.loads((tmp_path / "b" / "summary.json").read_text(encoding="utf-8"))
    assert kept["verdicts"] == printed["verdicts"]
    rules = (tmp_path / "b" / "rules.csv").read_text(encoding="utf-8").splitlines()
    assert len(rules) == len(printed["rules"]) + 1


@pytest.mark.parametrize(
    "words, said",
    [
        (("--since", "12q"), "12m, 52w, 90d"),
        (("--until", "2199-01-01"), "lies ahead"),
        (("--param", "respond"), "name=value"),
        (("--sample", "-1"), "sample"),
    ],
)
def test_wrong_options_say_what_to_write(run, words, said) -> None:
    told = run("backtest", *words)
    assert told.exit_code == 2
    assert said in " ".join(told.output.replace("│", " ").split())


def test_an_unknown_rule_or_binding_is_told_with_what_is_known(run) -> None:
    assert "ombud packs show iso10002" in str(run("backtest", "--rule", "nix").exception)
    assert "complaints" in str(run("backtest", "--binding", "nix").exception)


def test_measures_are_counted_with_their_formula(run) -> None:
    told = run("measures", "--format", "json")
    assert told.exit_code == 0, told.output
    for line in map(json.loads, told.output.splitlines()):
        assert line["counted"] >= 0
        assert line["formula"].endswith(".")
