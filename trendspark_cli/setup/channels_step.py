"""Where alerts go: channels of the table and addresses by a name, each tried with a message."""

from __future__ import annotations

from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.settings import specs
from trendspark_cli.kinds.channel_addresses import NAME, URL
from trendspark_cli.kinds.channels import CHANNELS, channels_of
from trendspark_cli.setup.conversation import Conversation
from trendspark_cli.setup.questions import address_words, needed_by_channel
from trendspark_cli.setup.trying import ask, send_test

USUAL_NAME = "desk"
FORM_OF_NAME = "a name of letters, digits and _, such as desk"


def settle_channels(talk: Conversation) -> None:
    """Have an answer for each channel. Raises UsageError when a given name is none."""
    for name in talk.given.channels:
        if name not in CHANNELS and not NAME.fullmatch(name.upper()):
            raise UsageError(f"--channel {name!r}: expected one of {', '.join(CHANNELS)}, or {FORM_OF_NAME}")
        _tried(talk, name)
    if talk.given.channels or talk.person is None:
        return
    configured = channels_of(talk.draft.settings)
    for kind in CHANNELS.values():
        if talk.says_yes(f"Send alerts to {kind.title}?", default=kind.is_configured(talk.draft.settings)):
            _tried(talk, kind.name)
    named = [name for name in configured if name not in CHANNELS]
    if talk.says_yes(f"Send alerts elsewhere ({address_words()})?", default=bool(named)):
        usual = named[0] if named else USUAL_NAME
        name = talk.person.text("  Its name, which you choose", default=usual, complaint=_name_complaint)
        _tried(talk, name.lower())


def _name_complaint(text: str) -> str | None:
    if text.lower() in CHANNELS or not NAME.fullmatch(text.upper()):
        return FORM_OF_NAME
    return None


def _tried(talk: Conversation, name: str) -> None:
    talk.tried(name, lambda: _configure(talk, name), lambda: _try(talk, name))


def _configure(talk: Conversation, name: str) -> None:
    if name in CHANNELS:
        for spec in needed_by_channel(CHANNELS[name]):
            talk.settle(spec, is_needed=True)
    else:
        setting = URL + name.upper()
        talk.settle(specs([setting])[setting], is_needed=True)


def _try(talk: Conversation, name: str) -> None:
    settings = talk.draft.settings
    title = channels_of(settings)[name].title
    talk.output.prose(f"{title} answers: {ask(settings, name)}", indent=2)
    if talk.person is None or talk.says_yes("  Send a test message now?", default=True):
        talk.output.prose(f"{title} accepted a test message for {send_test(settings, name)}", indent=2)
