"""Write the alert rules and their unit tests as Prometheus and promtool read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from monitoring.rule_cases import CASES, Case
from monitoring.rules import GROUPS, RULES, Rule

MADE = "# Made by scripts/docs from scripts/monitoring; do not edit.\n"
RUNBOOKS = "docs/runbooks/"
DURATION = re.compile(r"(\d+)([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def rules_file(faster: float = 1) -> str:
    """Return the file of rules; *faster* divides every hold and range, so that hours can be watched in seconds.

    Thresholds in seconds stay as they are.
    """
    lines = [
        f"{MADE}# How to load them, and where runbook_url leads: README.md. Their unit tests: alerts_test.yml.\n",
        "groups:\n",
    ]
    for group, rules in GROUPS.items():
        lines.append(f"  - name: {group}\n    rules:\n")
        lines += [_rule(rule, faster) for rule in rules]
    return "".join(lines)


def _rule(rule: Rule, faster: float) -> str:
    expr = "".join(f"          {line}\n" for line in _faster(rule.expr, faster).splitlines())
    hold = "" if rule.hold == "0s" else f"        for: {_shorter(rule.hold, faster)}\n"
    return (
        f"      - alert: {rule.name}\n"
        f"        expr: |\n{expr}{hold}"
        f"        labels:\n          severity: {rule.severity}\n"
        "        annotations:\n" + "".join(f"          {key}: {json.dumps(text)}\n" for key, text in _annotations(rule))
    )


def _annotations(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "summary", rule.summary
    yield "description", rule.description
    yield "runbook_url", RUNBOOKS + rule.runbook


def _faster(expr: str, faster: float) -> str:
    """Return the expression with shorter ranges and offsets."""
    return re.sub(r"(?<=\[)\w+(?=\])|(?<=offset )\w+", lambda match: _shorter(match[0], faster), expr)


def _shorter(duration: str, faster: float) -> str:
    return duration if faster == 1 else f"{max(1, round(1000 * seconds(duration) / faster))}ms"


def seconds(duration: str) -> int:
    """Return a duration of one unit in seconds."""
    match = DURATION.fullmatch(duration)
    assert match, f"{duration!r} is no duration"
    return int(match[1]) * SECONDS[match[2]]


def tests_file() -> str:
    """Return promtool's unit tests: of each rule, series that make it fire and series that do not."""
    head = (
        f"{MADE}# promtool test rules alerts_test.yml\nrule_files: [alerts.yml]\nevaluation_interval: 10m\n\ntests:\n"
    )
    return head + "\n".join(_case(case) for case in CASES)


def _case(case: Case) -> str:
    series = "".join(
        f"      - series: {_quoted(_of_a_host(name))}\n        values: {_quoted(values)}\n"
        for name, values in case.series.items()
    )
    expected = "".join(_expected(RULES[case.rule], labels, value) for labels, value in case.firing)
    return (
        f"  - name: {_quoted(f'{case.rule}: {case.story}')}\n"
        "    interval: 1m\n"
        f"    input_series:{chr(10) + series if series else f' []{chr(10)}'}"
        f"    alert_rule_test:\n"
        f"      - alertname: {case.rule}\n"
        f"        eval_time: {case.at}\n"
        f"        exp_alerts:{chr(10) + expected if expected else f' []{chr(10)}'}"
    )


def _of_a_host(series: str) -> str:
    """Return a series with the label every scrape adds."""
    name, _, labels = series.partition("{")
    return f'{name}{{instance="host"' + (f", {labels}" if labels else "}")


def _expected(rule: Rule, labels: dict[str, str], value: str) -> str:
    def filled(text: str) -> str:
        text = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match: labels[match[1]], text)
        return re.sub(r"\{\{ \$value[^}]*\}\}", value, text)

    shown = {"severity": rule.severity, **labels}
    return (
        "          - exp_labels:\n"
        + "".join(f"              {key}: {_quoted(text)}\n" for key, text in shown.items())
        + "            exp_annotations:\n"
        + "".join(f"              {key}: {json.dumps(filled(text))}\n" for key, text in _annotations(rule))
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
