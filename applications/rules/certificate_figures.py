"""Certificates in force by type and by the month in which they end, in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count
from django.db.models.functions import TruncDate, TruncMonth

from applications.models.certificate_types import CertificateType
from applications.rules.figures import MONTHS
from certportal.foundation import clock
from issuance.models import Certificate


@dataclass(frozen=True, slots=True)
class Ending:
    """How many certificates in force end in a month, by type; `first` is None for later months."""

    first: date | None
    numbers: Sequence[int]

    @property
    def together(self) -> int:
        """The number of all types."""
        return sum(self.numbers)


def ends_ahead(*, now: datetime) -> list[Ending]:
    """Return the next twelve months, the present one first, and all later months."""
    present = clock.day(now).replace(day=1)
    firsts = [clock.add_months(present, distance) for distance in range(MONTHS)]
    month = TruncMonth(TruncDate("not_after", tzinfo=clock.HELSINKI))
    certificates = Certificate.objects.filter(Certificate.in_force(now)).order_by()
    counted = certificates.annotate(month=month).values_list("month", "profile_id")
    found: dict[tuple[date | None, str], int] = {}
    for first, profile, number in counted.annotate(Count("pk")):
        place = first if first in firsts else None, profile
        found[place] = found.get(place, 0) + number
    return [
        Ending(first, [found.get((first, kind.value), 0) for kind in CertificateType])
        for first in [*firsts, None]
    ]


def by_type(endings: Sequence[Ending]) -> list[int]:
    """Return the number of certificates in force of each type."""
    return [sum(column) for column in zip(*(one.numbers for one in endings), strict=True)]
