"""What keeps every service out of reach alike: proxies and certificates of this machine, in words for the operator."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.extras import how_to_install
from trendspark_cli.base.redaction import excerpt

PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_WITHOUT_EXTRA = re.compile(r"(?i)missing dependencies for socks|socksio|using socks proxy")
_ABOUT_PROXIES = re.compile(r"(?i)proxy|socks version")
_ABOUT_CERTIFICATES = re.compile(
    r"(?i)invalid path|TLS CA certificate|No such file or directory|no certificate|PEM lib"
)
_STATUS = re.compile(r"(?:Tunnel connection failed: |\A\s*)([1-5]\d\d\b[ \w-]*)")


class Trouble(NamedTuple):
    """What is wrong, in words that follow the name of a service, and what to do."""

    told: str
    hint: str


def setting_trouble(error: BaseException) -> Trouble | None:
    """Return what in this machine's own settings kept a request from being made; None when it was none of them."""
    told = f"{type(error).__name__}: {error}"
    if _WITHOUT_EXTRA.search(told):
        what = f"{_proxy_of('socks')} needs the extra `socks`, which is not installed"
        return Trouble(what, how_to_install("socks"))
    if _ABOUT_PROXIES.search(told) and (strange := strange_proxy()):
        return strange
    return missing_certificates() if _ABOUT_CERTIFICATES.search(told) else None


def strange_proxy() -> Trouble | None:
    """Return which proxy has an address that no client understands; None when none has."""
    for name in PROXIES:
        value = os.environ.get(name, "")
        scheme = value.partition("://")[0].lower() if "://" in value else ""
        if scheme and scheme not in SCHEMES:
            right = "socks5h://HOST:PORT" if scheme.startswith("socks") else "http://HOST:PORT"
            return Trouble(f"{name} begins with {scheme}://, which is no kind of proxy", f"write {name}={right}")
    return None


def missing_certificates() -> Trouble | None:
    """Return which variable names certificates that are not there or none at all; None when each is there."""
    for name in CERTIFICATES:
        value = os.environ.get(name, "")
        if not value:
            continue
        path = Path(value)
        right = f"set {name} to a file of CA certificates (Debian: /etc/ssl/certs/ca-certificates.crt), or unset it"
        if not path.exists():
            return Trouble(f"{name} names {value!r}, which is not there, so no certificate can be checked", right)
        if path.is_file() and b"-----BEGIN" not in _beginning(path):
            return Trouble(f"{name} names {value!r}, which holds no certificates", right)
    return None


def proxy_refusal(told: str) -> Trouble:
    """Return what it means that the proxy made no connection: nothing was sent to the service."""
    found = _STATUS.search(told)
    said = excerpt(found[1].strip(), 60) if found else ""
    if said.startswith("407"):
        hint = f"write them into {_name_of()}: http://USER:PASSWORD@HOST:PORT"
        return Trouble("cannot be reached: the proxy wants a user and a password (407)", hint)
    hint = f"check {_name_of()} and what that proxy lets through, or add the host to NO_PROXY; the next run tries again"
    return Trouble(f"cannot be reached: the proxy makes no connection{f' ({said})' if said else ''}", hint)


def _name_of(scheme: str = "") -> str:
    """Return the variable that names a proxy of this scheme, HTTPS_PROXY when none does."""
    values = ((name, os.environ.get(name, "")) for name in PROXIES)
    return next((name for name, value in values if value and value.lower().startswith(scheme)), "HTTPS_PROXY")


def _proxy_of(scheme: str) -> str:
    """Return a proxy of the environment as people may see it: without user and password."""
    name = _name_of(scheme)
    try:
        parts = urlsplit(os.environ.get(name, ""))
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return name
    return f"{name}={parts.scheme}://{parts.hostname or ''}{port}"


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(1 << 16)
    except OSError:
        return b"-----BEGIN"  # that it cannot be read is another trouble


def require_aws_files(ca_bundle: str) -> None:
    """Raise ConfigError for a file the AWS SDK would read that is none: it would wait for a pipe for ever."""
    for name, usual in (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")):
        _require_file(name, os.environ.get(name) or usual)
    _require_file("AWS_CA_BUNDLE", ca_bundle)


def _require_file(name: str, path: str) -> None:
    with suppress(OSError):  # what is missing, or cannot be looked at, the SDK says itself
        mode = os.stat(os.path.expanduser(path)).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ConfigError(f"{name}: {path!r} is no regular file", hint="the AWS SDK reads its settings from there")
