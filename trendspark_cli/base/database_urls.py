"""DATABASE_URL: what it may say, where it leads, and how it is told without what is secret in it."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, unquote

from trendspark_cli.base.redaction import MASK

EXPECTED = (
    "sqlite:///PATH (absolute paths have four slashes) or postgresql://USER:PASSWORD@HOST:PORT/DATABASE "
    "(in a password, @ is written %40, / is %2F and % is %25)"
)
_SCHEME = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_SECRET_OPTIONS = ("password", "sslpassword")
# What libpq takes after the `?`, but for what is ours to say: how it names us, and in which encoding it speaks.
_OPTION_NAMES = (
    "channel_binding connect_timeout gssdelegation gssencmode gsslib host hostaddr keepalives keepalives_count "
    "keepalives_idle keepalives_interval krbsrvname load_balance_hosts options passfile password port require_auth "
    "requirepeer service ssl_max_protocol_version ssl_min_protocol_version sslcert sslcertmode sslcompression sslcrl "
    "sslcrldir sslkey sslmode sslnegotiation sslpassword sslrootcert sslsni target_session_attrs tcp_user_timeout user"
)
_OPTIONS = frozenset(_OPTION_NAMES.split())
_HIGHEST_PORT = 65535


class UnfitValueError(ValueError):
    """A value that does not fit, with what was expected of it in particular; never the value, which may be secret."""


def is_postgres(url: str) -> bool:
    """Tell whether a database address leads to PostgreSQL."""
    return _SCHEME.match(url) is not None


def database_url(text: str) -> str:
    """Return a database address that can be used as it is.

    Raises UnfitValueError for one of PostgreSQL that libpq would refuse or understand in another way than it was meant,
    ValueError for what is none.
    """
    text = text.strip()
    if re.fullmatch(r"sqlite:///.+", text):
        return text
    if not is_postgres(text):
        raise ValueError(text)
    parts = _split(text)
    if "#" in text:
        raise UnfitValueError("no `#` in it: in a password it is written %23")
    if parts.netloc.count("@") > 1 or "@" in parts.path or "/" in parts.path[1:]:
        raise UnfitValueError("one @, before the host, and one name after it: in a password @ is %40 and / is %2F")
    if re.search(r"%(?![0-9a-fA-F]{2})", text):
        raise UnfitValueError("two hexadecimal digits after each %: a % itself is written %25")
    if re.search(r"[\s\x00-\x1f]|%00", text):
        raise UnfitValueError("no blanks and no control characters: a blank is written %20")
    _check_hosts(parts.netloc.rpartition("@")[2])
    if not parts.path[1:]:
        raise UnfitValueError("the name of a database after the host: postgresql://USER@HOST/DATABASE")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise UnfitValueError(f"options that libpq has, and {name!r} is none that can be chosen")
    return "postgresql://" + text.partition("://")[2]


def without_secrets(url: str) -> str:
    """Return a database address as it may be told: without its password, and with nothing at all of a broken one."""
    if not is_postgres(url):
        return url if "@" not in url else url.partition(":")[0] + ":" + MASK
    try:
        parts = _split(database_url(url))
    except ValueError:
        return f"postgresql://{MASK}"
    account, at, hosts = parts.netloc.rpartition("@")
    user, colon, _ = account.partition(":")
    asked = "&".join(
        f"{name}={MASK}" if name in _SECRET_OPTIONS else pair
        for pair in parts.query.split("&")
        for name in (pair.partition("=")[0],)
    )
    return f"postgresql://{user}{colon and ':' + MASK}{at}{hosts}{parts.path}" + (f"?{asked}" if asked else "")


def database_place(url: str) -> str:
    """Return where a database of PostgreSQL is, in the words of people: `trends on db.example:5432`."""
    parts = _split(url)
    asked = dict(parse_qsl(parts.query))
    host = unquote(parts.netloc.rpartition("@")[2]) or asked.get("host") or asked.get("hostaddr") or "this machine"
    return f"{unquote(parts.path[1:])} on {host}"


def secrets_in(url: str) -> list[str]:
    """Return what of a database address must never be told: its passwords, and the address that has them."""
    if not is_postgres(url):
        return []
    parts = _split(url)
    _, _, password = parts.netloc.rpartition("@")[0].partition(":")
    found = [password, *(value for name, value in parse_qsl(parts.query) if name in _SECRET_OPTIONS)]
    found = [form for secret in found if secret for form in (secret, unquote(secret))]
    return [url, *found] if found else []


def has_password(url: str) -> bool:
    """Tell whether a password stands in an address."""
    return bool(secrets_in(url))


def _split(url: str) -> SplitResult:
    """Return the parts of an address; whatever is wrong with it, its parts are told apart."""
    scheme, _, rest = url.partition("://")
    netloc, slash, path = rest.partition("/")
    if "?" in netloc:
        netloc, _, query = netloc.partition("?")
        return SplitResult(scheme, netloc, "", query + slash + path, "")
    path, _, query = path.partition("?")
    return SplitResult(scheme, netloc, slash + path, query, "")


def _check_hosts(hosts: str) -> None:
    """Raise UnfitValueError unless these are hosts with good ports, or none at all: then it is the local server."""
    for host in hosts.split(",") if hosts else ():
        found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:]*)(?::(\d*))?", host)
        if found is None or (found[2] and not 0 < int(found[2]) <= _HIGHEST_PORT):
            raise UnfitValueError("HOST or HOST:PORT before the database's name: in a password / is %2F and ? is %3F")
