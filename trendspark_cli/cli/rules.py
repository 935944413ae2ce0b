"""`trendspark rules list|add|remove|sync`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from trendspark_cli.app.adapters.x import wanted_rules, x_rules
from trendspark_cli.app.installation import Installation
from trendspark_cli.app.with_store import with_calls
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.profiles import read_profiles
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation
from trendspark_cli.store.protocol import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.services.x.rules import XRules

app = sub_app("Rules of X's stream: which posts it sends.")
DryFlag = Annotated[bool, typer.Option("--dry-run", help="Ask X what it thinks of it; change nothing.")]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """Show the rules that are wanted and those X has, side by side."""

    def action(installed: Installation, store: Store, rules: XRules) -> None:
        wanted = _wanted(installed, store)
        actual = rules.all()
        rows = [
            {"rule": value, "wanted": value in wanted, "at_x": rule is not None, "tag": rule.tag if rule else None}
            for value in dict.fromkeys([*wanted, *(rule.value for rule in actual)])
            for rule in [next((rule for rule in actual if rule.value == value), None)]
        ]
        if as_json:
            installed.output.data({"rules": rows})
            return
        installed.output.table(
            ("wanted", "at X", "tag", "rule"),
            [("yes" if r["wanted"] else "", "yes" if r["at_x"] else "", r["tag"], r["rule"]) for r in rows],
        )
        if any(row["wanted"] != row["at_x"] and (row["tag"] is None or _is_ours(str(row["tag"]))) for row in rows):
            installed.output.line("they differ: run `trendspark rules sync`")

    _do("rules list", as_json, action)


@app.command()
def add(rule: Annotated[str, typer.Argument(help="A query as of X search.")], dry_run: DryFlag = False) -> None:
    """Add a rule of your own, here and at X; once there is one, those made from profiles or KEYWORDS are not wanted."""

    def action(installed: Installation, store: Store, rules: XRules) -> None:
        _require_good([rule])
        rules.add([rule], is_dry=True)
        if dry_run:
            installed.output.line("X accepts it; nothing was changed")
            return
        store.write(lambda: store.stream_rules.add(rule, installed.clock()))
        _sync(installed, store, rules)

    _do("rules add", False, action)


@app.command()
def remove(rule: Annotated[str, typer.Argument(help="The rule, as `rules list` shows it.")]) -> None:
    """Remove a rule of your own, here and at X."""

    def action(installed: Installation, store: Store, rules: XRules) -> None:
        if not store.write(lambda: store.stream_rules.remove(rule)):
            raise UsageError(f"rule {rule!r} was not added here", hint="see `trendspark rules list`")
        _sync(installed, store, rules)

    _do("rules remove", False, action)


@app.command()
def sync(dry_run: DryFlag = False) -> None:
    """Make the rules at X those that are wanted; rules of other programs, which have other tags, are left alone."""

    def action(installed: Installation, store: Store, rules: XRules) -> None:
        _sync(installed, store, rules, is_dry=dry_run)

    _do("rules sync", False, action)


def _wanted(installed: Installation, store: Store) -> list[str]:
    profiles = read_profiles(installed.settings, store.profiles.all())
    return list(wanted_rules(installed.settings, store.stream_rules.all(), profiles))


def _sync(installed: Installation, store: Store, rules: XRules, *, is_dry: bool = False) -> None:
    wanted = _wanted(installed, store)
    _require_good(wanted)
    if not wanted:
        hint = "set KEYWORDS or X_STREAM_RULES, or `trendspark profiles add`, or `trendspark rules add`"
        raise UsageError("there is no rule to have", hint=hint)
    added, removed = rules.make(wanted, is_dry=is_dry)
    verb = "would be " if is_dry else ""
    installed.output.line(f"{added} {verb}added, {removed} {verb}removed, {len(wanted)} wanted")


def _require_good(values: Sequence[str]) -> None:
    from trendspark_cli.services.x.rules import rule_problems

    for value in values:
        if problems := rule_problems(value):
            raise UsageError(f"rule {value[:80]!r}: {'; '.join(problems)}")


def _is_ours(tag: str) -> bool:
    from trendspark_cli.services.x.rules import TAG

    return tag.partition(":")[0] == TAG


def _do(where: str, as_json: bool, action: Callable[[Installation, Store, XRules], None]) -> None:
    installed = this_installation("rules", is_json=as_json)
    raise typer.Exit(
        with_calls(
            installed,
            where,
            lambda store, record: action(installed, store, x_rules(installed.settings, record)),
        )
    )
