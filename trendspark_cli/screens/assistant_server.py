"""The server that language models ask: the official SDK between `assistant_tools` and stdin and stdout."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

from trendspark_cli import __version__
from trendspark_cli.app.installation import Installation
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.extras import missing_extra
from trendspark_cli.base.redaction import redact
from trendspark_cli.screens.assistant_tools import UNTRUSTED, Answer, Tools

log = logging.getLogger(__name__)
INSTRUCTIONS = (
    "TrendSpark collects public posts, compares how often words are used with how often they usually are, and says "
    "what is trending. Times are UTC. posts are rows, people are distinct authors; posts_now, posts_peak and "
    f"posts_total are told apart. All tools only read. {UNTRUSTED}"
)


def serve(installed: Installation) -> None:
    """Answer until stdin ends. Raises ConfigError when the SDK is not installed."""
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp.types import ToolAnnotations
    except ImportError as error:
        raise missing_extra("`trendspark mcp`", "mcp") from error

    def told(tool: Callable[..., Answer]) -> Callable[..., Answer]:
        """Return the tool with errors of ours as its answers: one sentence, and what to do."""

        @functools.wraps(tool)
        def asked(*arguments: object, **named: object) -> Answer:
            try:
                return tool(*arguments, **named)
            except TrendSparkError as error:
                log.info("%s was refused: %s", tool.__name__, error)
                raise ToolError(redact("; ".join(part for part in (str(error), error.command_hint) if part))) from error

        return asked

    server = MCPServer("trendspark", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING")
    for tool in Tools(installed).all():
        only_reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
        server.add_tool(told(tool), annotations=only_reads)
    server.run("stdio")
