"""What it means for the operator that a call brought no answer: refused, lost, or never sent."""

from __future__ import annotations

from typing import Any

import httpx2
import openai

from trendspark_cli.base.errors import (
    AnswerTimedOutError,
    ConfigError,
    CredentialsRefusedError,
    LostAnswerError,
    RateLimitedError,
    TrendSparkError,
    UnreadableAnswerError,
    UpstreamError,
    UsageCappedError,
)
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.services.html_pages import PAGE, is_page
from trendspark_cli.services.networks import proxy_refusal
from trendspark_cli.services.openai.answers import SETTINGS

_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_NEVER_SENT += (httpx2.UnsupportedProtocol,)  # type: ignore[assignment]


def no_answer(error: openai.OpenAIError, seconds: float) -> TrendSparkError:
    """Return what it means that the client raised; only a connection that was never made is free for certain."""
    if isinstance(error, openai.APIStatusError):
        return refusal(error)
    cause = error.__cause__
    if isinstance(cause, httpx2.ProxyError):
        return _of_proxy(str(cause))
    if isinstance(cause, _NEVER_SENT):
        return UpstreamError(
            "openai",
            f"cannot be reached ({type(cause).__name__})",
            hint="check the network, proxies, CA certificates and OPENAI_BASE_URL; the next run tries again",
        )
    if isinstance(error, openai.APITimeoutError):
        hint = "the next run tries again; a model that is slower needs a longer OPENAI_TIMEOUT (at most 10m)"
        return AnswerTimedOutError("openai", f"no answer within {seconds:.0f} s", hint=hint)
    if isinstance(error, openai.APIConnectionError):
        return LostAnswerError("openai", "the connection broke off", hint="nothing to do: the next run tries again")
    return UnreadableAnswerError("openai", f"the answer makes no sense ({excerpt(error, 100)})", hint=SETTINGS)


def refusal(error: openai.APIStatusError) -> TrendSparkError:
    """Return what an HTTP status means for the operator."""
    status, told = error.status_code, excerpt(error.message, 200)
    if status == 407:
        return _of_proxy("407")
    if is_page(error.response.content, error.response.headers.get("content-type", "")) and status < 500:
        hint = "check proxies, captive portals and OPENAI_BASE_URL"
        return UpstreamError("openai", f"{PAGE} ({status})", status=status, hint=hint)
    if status == 429 and error.code == "insufficient_quota":
        return UsageCappedError(
            "openai",
            "the account has no quota left (insufficient_quota)",
            status=429,
            hint="add credit or raise the limit in the provider's billing page",
        )
    if status == 429:
        return RateLimitedError(
            "openai", "rate limit reached (429)", status=429, hint="nothing to do: the next run tries again"
        )
    if status in (401, 403):
        return CredentialsRefusedError(
            "openai", f"the key was refused ({status})", status=status, hint="set OPENAI_API_KEY to a valid key"
        )
    if status >= 500 and status != 501:
        return UpstreamError(
            "openai", f"is failing ({status})", status=status, hint="nothing to do: the next run tries again"
        )
    return ConfigError(f"openai refused the request ({status}): {told}", hint=SETTINGS)


def _of_proxy(told: str) -> UpstreamError:
    what, hint = proxy_refusal(told)
    return UpstreamError("openai", what, hint=hint)


def is_unknown_address(error: openai.APIStatusError) -> bool:
    """Tell whether a server does not know what was asked for, and not only the model that was named."""
    if error.status_code in (405, 501):
        return True
    return error.status_code == 404 and error.code != "model_not_found" and error.param != "model"


def is_unknown_in_words(found: dict[str, Any]) -> bool:
    """Tell whether a 200 says that the address is unknown, as some servers for one's own machine do."""
    return "error" in found and not {"output", "choices", "usage"} & found.keys()


def error_in_words(found: dict[str, Any]) -> UnreadableAnswerError | None:
    """Return what a 200 says that holds an error with a status in its body, as routers to other services send it."""
    told = found.get("error")
    error = told if isinstance(told, dict) and not found.get("choices") else {}
    status = error.get("code")
    if not isinstance(status, int) or not 400 <= status < 600 or status in (404, 405, 501):
        return None
    words = excerpt(str(error.get("message", "")), 200)
    return UnreadableAnswerError(
        "openai", f"the answer is an error ({status}): {words}", hint=f"{SETTINGS}, and the key"
    )


def words_of(error: openai.APIStatusError) -> str:
    """Return all that a refusal says: which parameter, and why."""
    return f"{error.param or ''} {error.message} {error.response.text[:2000]}"
