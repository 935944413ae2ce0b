"""What it means when a service gave no answer, in words for the operator; the same for every service."""

from __future__ import annotations

import requests

from trendspark_cli.base.errors import BadAnswerError, NotSentError, UpstreamError
from trendspark_cli.services.http import AnswerTooLargeError, NoFinalAnswerError, UnusableSettingError, may_be_billed
from trendspark_cli.services.networks import proxy_refusal


def no_answer(service: str, error: requests.exceptions.RequestException, setting: str) -> UpstreamError:
    """Return the error of ours for a request that brought no answer; *setting* names the service's address."""
    failure = _in_words(service, error, setting)
    failure.may_be_billed = may_be_billed(error)
    return failure


def proxy_error(service: str, told: str) -> UpstreamError:
    """Return what it means that a proxy made no connection."""
    what, hint = proxy_refusal(told)
    return UpstreamError(service, what, hint=hint)


def _in_words(service: str, error: requests.exceptions.RequestException, setting: str) -> UpstreamError:
    if isinstance(error, UnusableSettingError):
        return NotSentError(service, error.told, hint=error.hint)
    if isinstance(error, requests.exceptions.ProxyError):
        return proxy_error(service, str(error))
    if isinstance(error, requests.exceptions.SSLError):
        return UpstreamError(
            service,
            "its certificate is not trusted",
            hint="check this machine's clock and CA certificates; a captive portal looks like this",
        )
    if isinstance(error, requests.exceptions.Timeout):
        return UpstreamError(service, "no answer in time", hint="nothing to do: the next run tries again")
    if isinstance(error, requests.exceptions.TooManyRedirects | requests.exceptions.InvalidURL):
        return BadAnswerError(service, "redirects lead nowhere", hint=f"check {setting} and captive portals")
    if isinstance(error, AnswerTooLargeError | NoFinalAnswerError):
        return BadAnswerError(service, str(error), hint=f"check {setting}, proxies and captive portals")
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return BadAnswerError(
            service, "the answer makes no sense", hint=f"check {setting}, proxies and captive portals"
        )
    if error.response is not None:
        return UpstreamError(
            service, "its answer broke off", hint=f"check the network, proxies and {setting}; the next run tries again"
        )
    return UpstreamError(
        service,
        f"cannot be reached ({type(error).__name__})",
        hint=f"check the network, proxies and {setting}; the next run tries again",
    )
