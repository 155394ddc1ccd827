"""To which of several orders each of several certificate requests belongs, by the names in both."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from issuance.csr import DecodedCsr, ExpectedNames


class Why(StrEnum):
    """Why a request was given to no order."""

    UNREADABLE = "unreadable"
    NAMELESS = "nameless"
    NO_ORDER = "no_order"
    SEVERAL_ORDERS = "several_orders"
    SEVERAL_REQUESTS = "several_requests"
    MOVED_ON = "moved_on"
    NO_TIME = "no_time"


@dataclass(frozen=True, slots=True)
class Match[Key]:
    """The order that a request belongs to; or None, why, and the orders that it fits equally."""

    order: Key | None
    why: Why | None = None
    equal: tuple[Key, ...] = ()


def match[Key](
    requests: Sequence[DecodedCsr | None], orders: Mapping[Key, ExpectedNames]
) -> list[Match[Key]]:
    """Return for each request the order whose names it fits best; None is an unreadable one.

    A request that fits several orders equally well is given to none, and so are all requests that
    fit the same order: a person must choose. That a request fits its order best does not say that
    nothing differs; the examination with the order's names finds what does.
    """
    index = _Index(orders)
    found = [_best(one, index) for one in requests]
    wanted = Counter(one.order for one in found if one.order is not None)
    return [
        Match(None, Why.SEVERAL_REQUESTS, (one.order,))
        if one.order is not None and wanted[one.order] > 1
        else one
        for one in found
    ]


class _Index[Key]:
    """The orders by what requests name: only those that share a name with one are compared."""

    def __init__(self, orders: Mapping[Key, ExpectedNames]) -> None:
        self.names = orders
        self.hosts = {key: _lower(one.dns_names) for key, one in orders.items()}
        self.by_name: dict[tuple[str, str], list[Key]] = {}
        for key, one in orders.items():
            for name in self.hosts[key]:
                self.by_name.setdefault(("host", name), []).append(key)
            if not one.dns_names:
                for label, value in (("CN", _common(one)), ("serialNumber", one.serial_number)):
                    self.by_name.setdefault((label, value or ""), []).append(key)

    def sharing(self, names: Iterable[tuple[str, str]]) -> Iterator[Key]:
        """Yield, once each, the orders that have one of the names."""
        yield from dict.fromkeys(
            key for label, name in names if name for key in self.by_name.get((label, name), ())
        )


def _best[Key](request: DecodedCsr | None, index: _Index[Key]) -> Match[Key]:
    if request is None:
        return Match(None, Why.UNREADABLE)
    hosts, numbers = _hosts(request), request.values("serialNumber")
    if not hosts and not numbers:
        return Match(None, Why.NAMELESS)
    named = [("host", one) for one in hosts] + [("serialNumber", one) for one in numbers]
    named += [("CN", one) for one in _lower(request.values("CN"))]
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
    """Return how well the request fits the names of the system, comparable."""
    common = _common(names)
    numbered = bool(names.serial_number) and names.serial_number in request.values("serialNumber")
    named = bool(common) and common in _lower(request.values("CN"))
    return numbered, named, names.unit in request.values("OU")


def _common(names: ExpectedNames) -> str:
    return (names.common_name or "").lower()


def _fit_of_hosts(asked: set[str], ordered: set[str]) -> tuple[int, ...]:
    """Return whether they are the same, how many are, and how few are only asked for or ordered."""
    return asked == ordered, len(asked & ordered), -len(asked ^ ordered)


def _hosts(request: DecodedCsr) -> set[str]:
    return _lower(request.dns_names) | _lower(request.values("CN"))


def _lower(names: Sequence[str]) -> set[str]:
    return {name.lower().removesuffix(".") for name in names}
