"""To which of several orders each of several certificate requests belongs, by the names in both."""

from collections import Counter
from collections.abc import Mapping, Sequence
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
    found = [_best(one, orders) for one in requests]
    wanted = Counter(one.order for one in found if one.order is not None)
    return [
        Match(None, Why.SEVERAL_REQUESTS, (one.order,))
        if one.order is not None and wanted[one.order] > 1
        else one
        for one in found
    ]


def _best[Key](request: DecodedCsr | None, orders: Mapping[Key, ExpectedNames]) -> Match[Key]:
    if request is None:
        return Match(None, Why.UNREADABLE)
    if not _hosts(request) and not request.values("serialNumber"):
        return Match(None, Why.NAMELESS)
    fits = {key: _fit(request, names) for key, names in orders.items()}
    most = max(fits.values(), default=())
    best = tuple(key for key, fit in fits.items() if fit and fit == most)
    if len(best) == 1:
        return Match(best[0])
    return Match(None, Why.SEVERAL_ORDERS if best else Why.NO_ORDER, best)


def _fit(request: DecodedCsr, names: ExpectedNames) -> tuple[int, ...]:
    """Return how well the request fits the order's names, comparable; empty if it does not."""
    if names.dns_names:
        return _fit_of_hosts(_hosts(request), {name.lower() for name in names.dns_names})
    common = (names.common_name or "").lower()
    numbered = bool(names.serial_number) and names.serial_number in request.values("serialNumber")
    named = bool(common) and common in _lower(request.values("CN"))
    if not (numbered or named):
        return ()
    return numbered, named, names.unit in request.values("OU")


def _fit_of_hosts(asked: set[str], ordered: set[str]) -> tuple[int, ...]:
    """Return whether they are the same, how many are, and how few are only asked for or ordered."""
    both = len(asked & ordered)
    return (asked == ordered, both, -len(asked ^ ordered)) if both else ()


def _hosts(request: DecodedCsr) -> set[str]:
    return _lower(request.dns_names) | _lower(request.values("CN"))


def _lower(names: Sequence[str]) -> set[str]:
    return {name.lower().removesuffix(".") for name in names}
