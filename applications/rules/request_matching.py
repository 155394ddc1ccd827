"""Match several certificate requests to several orders by their names."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from issuance.csr import DecodedCsr, ExpectedNames


class Why(StrEnum):
    UNREADABLE = "unreadable"
    NAMELESS = "nameless"
    NO_ORDER = "no_order"
    SEVERAL_ORDERS = "several_orders"
    SEVERAL_REQUESTS = "several_requests"
    MOVED_ON = "moved_on"
    NO_TIME = "no_time"


@dataclass(frozen=True, slots=True)
class Match[Key]:
    """The order of a request; or None, the reason, and the orders that fit equally well."""

    order: Key | None
    why: Why | None = None
    equal: tuple[Key, ...] = ()


def match[Key](
    requests: Sequence[DecodedCsr | None], orders: Mapping[Key, ExpectedNames]
) -> list[Match[Key]]:
    """Return for each request (None: unreadable) the order whose names fit best.

    A request that fits several orders equally well is matched to none, and so are several requests
    that fit the same order: a person must choose. The best fit may still differ in some names; the
    examination with the order's names finds these.
    """
    index = _Index(orders)
    matches = [_best(request, index) for request in requests]
    counts = Counter(best.order for best in matches if best.order is not None)
    return [
        Match(None, Why.SEVERAL_REQUESTS, (best.order,))
        if best.order is not None and counts[best.order] > 1
        else best
        for best in matches
    ]


class _Index[Key]:
    """Orders by name, so that a request is compared only with those that share a name."""

    def __init__(self, orders: Mapping[Key, ExpectedNames]) -> None:
        self.names = orders
        self.hosts = {key: _lower(names.dns_names) for key, names in orders.items()}
        self.by_name: dict[tuple[str, str], list[Key]] = {}
        for key, names in orders.items():
            for name in self.hosts[key]:
                self.by_name.setdefault(("host", name), []).append(key)
            if not names.dns_names:
                for label, value in (("CN", _common(names)), ("serialNumber", names.serial_number)):
                    self.by_name.setdefault((label, value or ""), []).append(key)

    def sharing(self, names: Iterable[tuple[str, str]]) -> Iterator[Key]:
        """Yield, once each, the orders that have one of the names."""
        yield from dict.fromkeys(
            key for label, name in names if name for key in self.by_name.get((label, name), ())
        )


def _best[Key](request: DecodedCsr | None, index: _Index[Key]) -> Match[Key]:
    if request is None:
        return Match(None, Why.UNREADABLE)
    common = _lower(request.values("CN"))
    hosts, numbers = _lower(request.dns_names) | common, request.values("serialNumber")
    if not hosts and not numbers:
        return Match(None, Why.NAMELESS)
    named = [("host", host) for host in hosts] + [("serialNumber", number) for number in numbers]
    named += [("CN", name) for name in common]
    fits = {
        key: _fit_of_hosts(hosts, index.hosts[key])
        if index.hosts[key]
        else _fit_of_system(request, index.names[key])
        for key in index.sharing(named)
    }
    most = max(fits.values(), default=())
    best = tuple(key for key in index.names if fits.get(key) == most) if fits else ()
    if len(best) == 1:
        return Match(best[0])
    return Match(None, Why.SEVERAL_ORDERS if best else Why.NO_ORDER, best)


def _fit_of_system(request: DecodedCsr, names: ExpectedNames) -> tuple[int, ...]:
    """Return a comparable fit of the request to the names of a system."""
    common = _common(names)
    numbered = bool(names.serial_number) and names.serial_number in request.values("serialNumber")
    named = bool(common) and common in _lower(request.values("CN"))
    return numbered, named, names.unit in request.values("OU")


def _common(names: ExpectedNames) -> str:
    return (names.common_name or "").lower()


def _fit_of_hosts(requested: set[str], ordered: set[str]) -> tuple[int, ...]:
    """Return a comparable fit: whether all names are equal, how many are, minus how many differ."""
    return requested == ordered, len(requested & ordered), -len(requested ^ ordered)


def _lower(names: Sequence[str]) -> set[str]:
    return {name.lower().removesuffix(".") for name in names}
