"""Addresses of destinations and proxies: the checks of a URL, and the part of it that logs and errors may show."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

_MAX_HOST_CHARS = 253
_MAX_LABEL_CHARS = 63  # https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4


def origin(url: str) -> str:
    """Return scheme, host and port of the `url` of a destination, for logs and errors."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def proxy_origin(proxy: str) -> str:
    """Return the same of a proxy. It may come from the environment, unchecked and with a password.

    A password may hold characters that end the host for a parser of URLs, so everything up to the last @ is left out.
    """
    scheme, separator, rest = proxy.rpartition("://")
    return scheme.partition("@")[0] * bool(separator) + separator + re.split(r"[/?#]", rest.rpartition("@")[2])[0]


def url_problems(url: str) -> Iterator[str]:
    """Yield corrections of the URL of a destination. No sentence shows the URL: it may hold a password."""
    yield from _problems(url)
    if not _is_private(url):
        yield "write https:// (plain http is for loopback addresses only)"


def proxy_problems(proxy: str, url: str) -> Iterator[str]:
    """Yield corrections of the proxy of the destination at `url`."""
    yield from _problems(proxy)
    if (parts := _split(proxy)) and parts.path.strip("/"):
        yield "remove the path; a proxy has a scheme, a host and a port only"
    if not url.startswith("https://"):
        yield "remove it; a proxy could read the token on its way to an http:// address"


def _problems(url: str) -> Iterator[str]:
    # The text itself is searched: urlsplit drops line ends, tabs and an empty query.
    is_clean = "\\" not in url and not any(letter.isspace() or not letter.isprintable() for letter in url)
    if not is_clean:
        yield "remove white space, control characters and backslashes"
    if "?" in url:
        yield "remove the query, from ? on"
    if "#" in url:
        yield "remove the fragment, from # on"
    parts = _split(url)
    if parts and "@" in parts.netloc:
        yield "remove the user and the password; this file holds no credentials"
    if is_clean and (parts is None or not _has_host(parts)):
        yield "write the name of a host, in ASCII (xn--...), or an address; an IPv6 address stands in brackets"
    if is_clean and parts and not _has_valid_port(parts):
        yield "write a port from 1 to 65535, or none"


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _has_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if parts.netloc.rpartition("@")[2].startswith("["):
        return _address(host) is not None and "%" not in host
    labels = (label.replace("-", "").replace("_", "") for label in host.removesuffix(".").split("."))
    # The HTTP client refuses some letters beyond ASCII, and encodes the others as xn--.
    return (
        host.isascii()
        and len(host) <= _MAX_HOST_CHARS
        and all(label.isalnum() and len(label) <= _MAX_LABEL_CHARS for label in labels)
    )


def _has_valid_port(parts: SplitResult) -> bool:
    try:
        port = parts.port
    except ValueError:
        return False
    return port != 0 and not parts.netloc.endswith(":")


def _is_private(url: str) -> bool:
    """Tell whether no other machine can read a request: the URL uses TLS, or stays on this machine."""
    parts = _split(url)
    if parts is None or parts.scheme == "https" or parts.hostname == "localhost":
        return True
    address = _address(parts.hostname or "")
    return address is not None and address.is_loopback


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
