"""Which sources are read, with what keys, for which topics; each is asked at once whether it answers."""

from __future__ import annotations

from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.settings import Settings, specs
from trendspark_cli.kinds.sources import SOURCES, SourceKind
from trendspark_cli.setup.checking import problems_of, stored_profiles
from trendspark_cli.setup.conversation import Conversation
from trendspark_cli.setup.questions import TOPICS, needed, optional, ordered_sources, switches
from trendspark_cli.setup.trying import ask


def settle_sources(talk: Conversation) -> None:
    """Have an answer for each source. Raises UsageError when none is read in the end, and nobody can be asked."""
    while True:
        for kind in ordered_sources():
            _settle(talk, kind)
        if any(kind.is_configured(talk.draft.settings) for kind in SOURCES.values()):
            return
        if talk.person is None:
            names = ", ".join(kind.name for kind in ordered_sources())
            raise UsageError("no source is read", hint=f"give --source NAME: {names}")
        told = (
            "No source is chosen. Ctrl-C ends this; `trendspark ingest --from FILE` reads files without any settings."
        )
        talk.output.prose(told)


def _settle(talk: Conversation, kind: SourceKind) -> None:
    is_read = kind.is_configured(talk.draft.settings)
    if kind.name in talk.given.without:
        _switch_off(talk, kind, is_read)
    elif _is_wanted(talk, kind, is_read):
        talk.tried(kind.name, lambda: _configure(talk, kind), lambda: _try(talk, kind))
    elif is_read and _is_asked_about(talk):
        _switch_off(talk, kind, is_read)


def _is_asked_about(talk: Conversation) -> bool:
    return talk.person is not None and not talk.given.sources and not talk.given.without


def _is_wanted(talk: Conversation, kind: SourceKind, is_read: bool) -> bool:
    if talk.given.sources or not _is_asked_about(talk):
        return kind.name in talk.given.sources
    key = "needs a key" if kind.needs_key else "no key needed"
    return talk.says_yes(f"Read {kind.called} ({key})?", default=is_read)


def _configure(talk: Conversation, kind: SourceKind) -> None:
    settings = talk.draft.settings
    for name in switches(kind):
        if not getattr(settings, name.lower()):
            talk.say_yes(name)
        else:
            talk.draft.keep_of_environment(specs()[name])
    for spec in needed(kind):
        talk.settle(spec, is_needed=True)
    for spec in optional(kind):
        talk.settle(spec, is_needed=False)
    searches = kind.searches_profiles or kind.looks_for_keywords(talk.draft.settings)
    is_settled = TOPICS in talk.draft.answers and not talk.is_again
    if searches and not is_settled and not stored_profiles(talk.draft.settings):
        before = problems_of(talk.draft.settings)

        def objection(changed: Settings) -> str | None:
            found = next((problem for problem in problems_of(changed) if problem not in before), None)
            return found and f"keywords that can be looked for: {found}"

        talk.settle(specs()[TOPICS], is_needed=True, objection=objection)


def _switch_off(talk: Conversation, kind: SourceKind, is_read: bool) -> None:
    """Keep what stops a source: its switch, or nothing for the first of what it needs."""
    if not is_read:
        return
    for name in switches(kind):
        talk.draft.keep(name, "false")
    if not switches(kind):
        talk.draft.keep(kind.needs[0].upper(), "")


def _try(talk: Conversation, kind: SourceKind) -> None:
    talk.output.prose(f"{kind.called} answers: {ask(talk.draft.settings, kind.name)}", indent=2)
