"""What may be reached: which addresses and ports are public, and what a source is allowed besides."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue

from bot.clock import uptime
from bot.errors import TryAgainLater, UsageError

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

ORDINARY_PORTS = {"http": 80, "https": 443}

# IANA IPv4 Special-Purpose Address Registry, plus multicast (224/4) and the reserved rest (240/4); read 2026-11.
FORBIDDEN_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
# Of IPv6 only global unicast is public. All else falls outside it: ::1, ::ffff:a.b.c.d, NAT64 (64:ff9b::/96), unique
# local, link-local, the old site-local fec0::/10, multicast. Inside it these are not: protocol assignments with Teredo,
# documentation, and 6to4, which carries an IPv4 address. Python's own is_global passes several of them (3.11.7).
PUBLIC_IPV6 = IPv6Network("2000::/3")
FORBIDDEN_IPV6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


@dataclass(frozen=True, slots=True)
class Guard:
    """What one `get` may reach and until when; `ends` is on the clock of `bot.clock.uptime`."""

    allow_private: tuple[IPNetwork, ...]
    ends: float
    deadline: timedelta

    def left(self, url: str) -> float:
        """Seconds left. Raises TryAgainLater when there are none."""
        seconds = self.ends - uptime()
        if seconds <= 0:
            raise self.too_slow(url)
        return seconds

    def too_slow(self, url: str) -> TryAgainLater:
        return TryAgainLater(f"{shown(url)} took longer than {self.deadline.total_seconds():g} s and was given up.")

    def checked(self, url: str, found: Sequence[IPAddress]) -> IPAddress:
        """The address to connect to, of those that a host name was found to have. Raises UsageError.

        One forbidden address among them is enough to refuse the name, unless the source allows another by range.
        """
        allowed = [address for address in found if any(address in network for network in self.allow_private)]
        forbidden = [address for address in found if not is_public(address)]
        if forbidden and not allowed:
            ranges = ", ".join(f'"{ip_network(address)}"' for address in dict.fromkeys(map(unscoped, forbidden)))
            raise UsageError(
                f"{shown(url)}: {forbidden[0]} is a private address;",
                f"allow it with allow_private = [{ranges}] if this source is meant to be there.",
            )
        return (allowed or found)[0]

    def check_port(self, url: str, scheme: str, port: int) -> None:
        if port != ORDINARY_PORTS[scheme] and not self.allow_private:
            raise UsageError(
                f"{shown(url)}: port {port} is not one of the web's own, 80 and 443;",
                "only a source with allow_private may use another.",
            )


def is_public(address: IPAddress) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in FORBIDDEN_IPV4)
    return address in PUBLIC_IPV6 and not any(address in network for network in FORBIDDEN_IPV6)


def unscoped(address: IPAddress) -> IPAddress:
    """An IPv6 address without its interface (`fe80::1%eth0`), as a range has none."""
    return ip_address(int(address)) if isinstance(address, IPv4Address) else IPv6Address(int(address))


def resolve(host: str, port: int) -> list[IPAddress]:
    """All addresses of `host`, in the system's order. Raises OSError when it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(address[0]) for *_, address in dict.fromkeys(found)]


def resolve_within(host: str, port: int, seconds: float) -> list[IPAddress]:
    """`resolve`, given up after `seconds`: the system's resolver knows no deadline. Raises OSError."""
    answers: SimpleQueue[list[IPAddress] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError("not a host name"))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError("the name was not found in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def shown(url: str) -> str:
    """An address for messages: without its query, which may hold a key."""
    return url.partition("?")[0].partition("#")[0][:200]
