"""Redirects that lead into a private network, where whoever wrote them has no business: refused at the connection."""

from __future__ import annotations

import ipaddress
import socket
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests

from trendspark_cli.services.http import BoundedAdapter


class PrivateAddressError(Exception):
    """The connection would have gone to an address that is not of the public network.

    No OSError: what sends requests would take that for a connection that broke.
    """


class PublicOnlyAdapter(BoundedAdapter):
    """Connects to public addresses only, whatever a name resolves to; a proxy is asked with public ones only."""

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the pool of connections for a request. Raises PrivateAddressError."""
        host = urlsplit(request.url or "").hostname or ""
        if is_private(host):
            raise PrivateAddressError(host)
        pool: Any = super().get_connection_with_tls_context(request, *args, **kwargs)
        if getattr(pool, "proxy", None) is None and not hasattr(pool.ConnectionCls, "is_public_only"):
            pool.ConnectionCls = _public_only(pool.ConnectionCls)
        return pool


def is_private(host: str) -> bool:
    """Tell whether a host is, by its own letters, none of the public network."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return _is_odd_number(host)
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return not (mapped or address).is_global or address.is_multicast


def _is_odd_number(host: str) -> bool:
    """Tell whether a host is an address in a form that only old functions read, such as 127.1 or 0x7f000001."""
    try:
        return not ipaddress.ip_address(socket.inet_ntoa(socket.inet_aton(host))).is_global
    except (OSError, ValueError):
        return False


@cache
def _public_only(connection: type[Any]) -> type[Any]:
    class PublicOnly(connection):  # type: ignore[misc]
        is_public_only = True

        def _new_conn(self) -> Any:
            opened = super()._new_conn()
            if is_private(str(opened.getpeername()[0]).partition("%")[0]):
                opened.close()
                raise PrivateAddressError(self.host)
            return opened

    PublicOnly.__name__ = PublicOnly.__qualname__ = f"PublicOnly{connection.__name__}"
    return PublicOnly
