"""Make the writer from settings: named in wiring.py, imported only when something is to be written."""

from __future__ import annotations

from collections.abc import Callable

from trendspark_cli.job_context import ApiCall
from trendspark_cli.settings import Settings
from trendspark_cli.writers.protocol import Writer


def openai_writer(settings: Settings, record: Callable[[ApiCall], None]) -> Writer | None:
    """Return the model behind OPENAI_BASE_URL, or None without a key."""
    if not settings.openai_api_key:
        return None
    from trendspark_cli.writers.openai_responses import OpenAIResponses

    return OpenAIResponses(
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        record=record,
    )
