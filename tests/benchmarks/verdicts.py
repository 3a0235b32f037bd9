"""Rule verdicts a second: our closures against expression engines, each used at its best."""

from __future__ import annotations

import random

import cel
import regopy
from cel_expr_python import cel as cel_cpp

from ombud.model.facts import Verdict
from policies.load import load_pack
from policies.row import compile_guard
from tests.benchmarks.runs import Figure, at_least, in_turn

#: The same guards in the rivals' language: fields are texts, "" where empty.
RULES = {
    "close.with_root_cause": (
        '(severity == "high" || severity == "critical" || severity == "")',
        '(root_cause != "" && root_cause != "unknown" && corrective_action != "")',
    ),
    "close.four_eyes": (
        '(severity == "high" || severity == "critical" || severity == "")',
        '(approver != "" && owner != "" && approver != owner)',
    ),
    "close.outcome": ("true", 'outcome != ""'),
    "receipt.complete": ("true", '(channel != "" && product != "" && remedy_sought != "")'),
    "receipt.category": ("true", 'category != ""'),
    "assess.safety": ("true", '(safety_implication != "" && safety_implication != "unknown")'),
    "investigate.recorded": ("true", 'investigation_summary != ""'),
    "respond.remedy_offered": ("true", 'remedy_offered != ""'),
}
FIELDS = (
    "severity", "root_cause", "corrective_action", "approver", "owner", "outcome", "channel", "product",
    "remedy_sought", "category", "safety_implication", "investigation_summary", "remedy_offered",
)  # fmt: skip


def rows(count: int) -> list[dict[str, str | None]]:
    """Make facts: one field in five is empty."""
    chance = random.Random(1)
    words = ("high", "low", "critical", "unknown", "billing", "anna", "bert")
    return [
        {name: chance.choice(words) if chance.random() > 0.2 else None for name in FIELDS}
        for _ in range(count)
    ]


def measure(count: int) -> list[Figure]:
    """Compare verdicts a second; the slower rivals judge fewer rows."""
    rules = {rule.id: rule.body for rule in load_pack("iso10002").configured({}, "standard").rules}
    ours = [compile_guard(rules[name].when, rules[name].must) for name in RULES]
    facts = rows(count)
    texts = [{name: value or "" for name, value in row.items()} for row in facts]
    few = texts[: max(count // 20, 50)]

    env = cel_cpp.NewEnv(variables=dict.fromkeys(FIELDS, cel_cpp.Type.STRING))
    compiled = [(env.compile(when), env.compile(must)) for when, must in RULES.values()]

    def by_cel_cpp(told):
        found = []
        for row in told:
            activation = env.Activation(row)
            for when, must in compiled:
                applies = when.eval(activation).value()
                found.append(must.eval(activation).value() if applies else None)
        return found

    programs = [(cel.compile(when), cel.compile(must)) for when, must in RULES.values()]

    def by_cel_rust(told):
        return [
            (must.execute(row) if when.execute(row) else None)
            for row in told
            for when, must in programs
        ]

    rego = regopy.Interpreter()
    rego.add_module("pack", _module())

    def by_rego(told):
        found = []
        for row in told:
            rego.set_input(row)
            output = rego.query("data.pack.verdicts")
            told_by = output.results[0].expressions[0]
            found.extend(told_by[name][1] if told_by[name][0] else None for name in RULES)
        return found

    def by_us(told):
        return [guard(row) for row in told for guard in ours]

    meaning = {Verdict.passed: True, Verdict.failed: False, Verdict.not_applicable: None}
    sample = [meaning[verdict] for verdict in by_us(facts[:200])]
    assert by_cel_cpp(texts[:200]) == sample
    assert by_cel_rust(texts[:200]) == sample
    assert by_rego(texts[:50]) == sample[: 50 * len(RULES)]

    taken = in_turn(
        {
            "ours": lambda: by_us(facts),
            "cel-expr-python": lambda: by_cel_cpp(few),
            "common-expression-language": lambda: by_cel_rust(few),
            "regopy": lambda: by_rego(few[:50]),
        }
    )
    sizes = {
        "ours": count,
        "cel-expr-python": len(few),
        "common-expression-language": len(few),
        "regopy": 50,
    }
    speed = {
        name: [sizes[name] * len(RULES) / second for second in seconds]
        for name, seconds in taken.items()
    }
    fastest = max(
        (name for name in speed if name != "ours"), key=lambda name: sorted(speed[name])[2]
    )
    ratios = [a / b for a, b in zip(speed["ours"], speed[fastest], strict=True)]
    found = [at_least(f"verdicts: ours to the fastest rival ({fastest})", ratios, 15)]
    found += [at_least(f"  verdicts a second, {name}", values, 0) for name, values in speed.items()]
    return found


def _module() -> str:
    lines = ["package pack", "import rego.v1"]
    pairs = []
    for index, (name, (when, must)) in enumerate(RULES.items()):
        for kind, condition in (("when", when), ("must", must)):
            disjuncts = condition.strip("()").split(" || ")
            for disjunct in disjuncts:
                body = "; ".join(_rego(part) for part in disjunct.split(" && "))
                lines.append(f"{kind}{index} if {{ {body} }}")
            lines.append(f"default {kind}{index} := false")
        pairs.append(f'"{name}": [when{index}, must{index}]')
    lines.append(f"verdicts := {{ {', '.join(pairs)} }}")
    return "\n".join(lines)


def _rego(part: str) -> str:
    words = part.split()
    return " ".join(f"input.{word}" if word in FIELDS else word for word in words)
