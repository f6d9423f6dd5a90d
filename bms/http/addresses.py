"""Where a request comes from."""

import ipaddress
import logging
from functools import lru_cache

from aiohttp import hdrs, web

log = logging.getLogger("bms")

UNKNOWN = "unknown"
LOOPBACK = "loopback"  # what ``network`` returns for this machine


def client_address(request: web.Request, trusted_proxies: int) -> str:
    """Return the client's address: the connection's, or the one that the trusted proxies report."""
    if trusted_proxies:
        # Each proxy appends the address that it was called from, or adds a header line with it.
        hops = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ())).split(",")
        if trusted_proxies <= len(hops):
            reported = _ip(hops[-trusted_proxies].strip())
            if reported is not None:
                return reported
    return request.remote or UNKNOWN


@lru_cache(maxsize=10_000)
def network(address: str) -> str:
    """Return what counts as one client: an IPv4 address, an IPv6 network of 64 bits, or this machine."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return LOOPBACK  # a Unix socket has no address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return LOOPBACK if ip.is_loopback else str(ipaddress.ip_network((ip, 64), strict=False))
        ip = ip.ipv4_mapped
    return LOOPBACK if ip.is_loopback else str(ip)


class Forwarded:
    """Watches for a proxy that nobody told us of, behind which all clients have one address."""

    def __init__(self, trusted_proxies: int) -> None:
        self._watches = not trusted_proxies

    def see(self, request: web.Request) -> None:
        """Warn, once, if a proxy has passed this request on and none is trusted."""
        if self._watches and hdrs.X_FORWARDED_FOR in request.headers:
            self._watches = False
            log.warning(
                "A request came with X-Forwarded-For, and BMS_TRUSTED_PROXIES is 0. Behind a proxy every "
                "client has the proxy's address, so that limits per address count them as one. Set it to the "
                "number of proxies. If there is none, ignore this: the header came from a client."
            )


def _ip(text: str) -> str | None:
    """Return the IP address in ``text`` without its port, or None."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return None if "%" in text else str(ipaddress.ip_address(text))
    except ValueError:
        return None
