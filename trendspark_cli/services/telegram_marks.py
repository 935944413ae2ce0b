"""Buttons under Telegram's messages: who pressed which, and what is shown of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from trendspark_cli.alerts.channel import MessageRefusedError
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.kinds.channel_addresses import ChannelAddress
from trendspark_cli.services.telegram import Telegram, keyboard, make, make_further, whole_number
from trendspark_cli.trends.chat_marks import MarksTakenError, Press

MOST_AT_ONCE = 100  # what one call gives; the rest is for the next run


class TelegramMarks:
    """Implements trends.chat_marks.ChatMarks for all chats of one bot."""

    def __init__(self, bot: Telegram, chats: Mapping[str, str], markers: Collection[int]) -> None:
        self._bot = bot
        self.chats = chats
        self.markers = markers

    def presses(self, after: int | None) -> tuple[Sequence[Press], int | None]:
        """Return what was pressed since *after*, at once and in one call."""
        body: dict[str, object] = {"timeout": 0, "limit": MOST_AT_ONCE, "allowed_updates": ["callback_query"]}
        if after is not None:
            body["offset"] = after + 1
        try:
            updates = self._bot.answer_of("getUpdates", body)
        except MessageRefusedError as error:
            if error.status != 409:
                raise
            hint = "unset TELEGRAM_MARKERS, or give TrendSpark a bot of its own"
            raise MarksTakenError(f"another program reads the updates of the bot: {error}", hint=hint) from error
        known = [update for update in updates if isinstance(update, dict)] if isinstance(updates, list) else []
        numbers = [number for update in known if (number := whole_number(update.get("update_id"))) is not None]
        found = [_press(update.get("callback_query")) for update in known]
        return [press for press in found if press is not None], max(numbers, default=None)

    def show(self, press: Press, trend_id: int, mark: str) -> None:
        """Tick the button that was pressed, and answer the press where it is not too old for that."""
        chat = next(iter(press.chats))
        body = {"chat_id": chat, "message_id": int(press.message_id), "reply_markup": keyboard(trend_id, mark)}
        try:
            self._bot.answer_of("editMessageReplyMarkup", body)
        except MessageRefusedError as error:
            if "message is not modified" not in str(error):
                raise
        try:
            self._bot.answer_of("answerCallbackQuery", {"callback_query_id": press.id, "text": f"marked as {mark}"})
        except MessageRefusedError as error:
            if "query is too old" not in str(error):
                raise


def _press(query: object) -> Press | None:
    """Return a press as far as it can be understood, or None."""
    told = query if isinstance(query, dict) else {}
    user, message = told.get("from"), told.get("message")
    if not isinstance(user, dict) or not isinstance(message, dict) or not isinstance(message.get("chat"), dict):
        return None
    user_id, chat_id = whole_number(user.get("id")), message["chat"].get("id")
    message_id = whole_number(message.get("message_id"))
    if user_id is None or message_id is None or not isinstance(chat_id, int) or isinstance(chat_id, bool):
        return None
    names = [str(user[field]) for field in ("username", "first_name") if isinstance(user.get(field), str)]
    chats = [str(chat_id)]
    if isinstance(message["chat"].get("username"), str):
        chats.append("@" + message["chat"]["username"].lower())
    name = excerpt((names or [str(user_id)])[0].encode("utf-8", "replace").decode(), 60)
    return Press(str(told.get("id")), str(told.get("data")), user_id, name, chats, str(message_id))


def make_marks(
    opening: Opening, is_main: bool, addresses: Sequence[ChannelAddress], markers: Collection[int]
) -> TelegramMarks:
    """Return what is pressed in the chat of TELEGRAM_CHAT_ID, when it *is_main*, and in those of *addresses*."""
    bots = [make(opening)] if is_main else []
    bots += [make_further(opening, address) for address in addresses]
    return TelegramMarks(bots[0], {bot.name: bot.chat.id for bot in bots}, markers)
