"""Names under which the server is reached: what a reader may give, and what a request may call it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from cutwise.errors import CutwiseError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
PLACE = re.compile(r"[A-Za-z0-9.:\[\]-]+")
MOST_CHARACTERS = 253
DEFAULT_PORTS = {"http": 80, "https": 443}


def public_name(given: str) -> str:
    """The name as browsers send it: small letters, no dot at the end, an address without brackets.

    Raises `CutwiseError` for anything that would let in more than one name, or that is none.

    >>> public_name("Cutwise.Example.org."), public_name("192.168.1.5"), public_name("[fd00::5]")
    ('cutwise.example.org', '192.168.1.5', 'fd00::5')
    >>> public_name("*.example.org")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    cutwise.errors.CutwiseError: --host '*.example.org': is no host name; give each name that people type...
    """
    name = given.strip().lower().removesuffix(".")
    if address := _address(name.removeprefix("[").removesuffix("]")):
        if ip_address(address).is_unspecified:
            raise _refused(given, "means every address")
        return address
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        raise _refused(given) from None
    labels = name.split(".")
    if len(name) > MOST_CHARACTERS or not all(map(LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise _refused(given)
    return name


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _refused(given: str, why: str = "is no host name") -> CutwiseError:
    return CutwiseError(
        f"--host {given!r}: {why}; give each name that people type, such as cutwise.example.org, without "
        "scheme, port, path or *"
    )


def named_host(headers: Sequence[tuple[bytes, bytes]]) -> SplitResult | None:
    """What a request calls the server; None where it says nothing, two things, or no host with a port.

    >>> named_host([(b"host", b"localhost:8501")]).hostname
    'localhost'
    >>> named_host([(b"host", b"a"), (b"host", b"b")]), named_host([(b"host", b"user@localhost")])
    (None, None)
    """
    given = [value for name, value in headers if name == b"host"]
    return _split("//" + given[0].decode("latin-1")) if len(given) == 1 else None


def _split(text: str) -> SplitResult | None:
    """The parts of scheme, host and port; None where there is anything else."""
    if not PLACE.fullmatch(text.partition("//")[2]):
        return None
    try:
        found = urlsplit(text)
        _ = found.port
    except ValueError:
        return None
    return found if found.hostname else None


def is_from_here(origin: str, host: SplitResult, *, any_port: bool = False) -> bool:
    """True where a page of this origin was served by this host; a port that goes without saying may be said.

    With `any_port` also where the port alone is another.

    >>> name = named_host([(b"host", b"cutwise.example.org")])
    >>> [is_from_here(f"https://cutwise.example.org{port}", name) for port in ("", ":443", ":8443")]
    [True, True, False]
    >>> is_from_here("https://example.org", name)
    False
    """
    found = _split(origin)
    if found is None or found.scheme not in DEFAULT_PORTS:
        return False
    usual = DEFAULT_PORTS[found.scheme]
    return _bare(found) == _bare(host) and (any_port or (found.port or usual) == (host.port or usual))


def _bare(found: SplitResult) -> str:
    return (found.hostname or "").removesuffix(".")


def is_one_of(host: SplitResult, names: Sequence[str]) -> bool:
    """True where a request calls the server by one of its names."""
    bare = _bare(host)
    return (_address(bare) or bare) in names
