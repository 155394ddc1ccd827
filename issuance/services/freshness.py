"""How much longer the published lists last: what monitoring asks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from issuance import repository
from issuance.models import IssuingCA
from issuance.services.ceremony import Place
from issuance.services.publish import is_needed

# Lists are made hourly and last two days: half their life gone means a day of failures. A root's
# list lasts a year and is renewed by hand.
LATE = (0.5, timedelta(days=30))
SOON_OVER = (0.125, timedelta(days=7))


def late_lists(now: datetime) -> list[str]:
    """Stems of the CAs, roots too, whose list is missing, broken or long due to be replaced."""
    return [stem for stem in _needed(now) if _is_short(stem, now, *LATE)]


def lists_soon_over(now: datetime) -> list[str]:
    """Stems of those whose list will soon be worth nothing; then relying parties refuse."""
    return [stem for stem in _needed(now) if _is_short(stem, now, *SOON_OVER)]


def _needed(now: datetime) -> Iterator[str]:
    needed = [ca for ca in IssuingCA.objects.order_by("pk") if is_needed(ca, now)]
    yield from (ca.stem for ca in needed)
    yield from dict.fromkeys(Place.of(ca).root_stem for ca in needed)


def _is_short(stem: str, now: datetime, share: float, most: timedelta) -> bool:
    """Whether less is left than this share of the list's life, and less than ``most``."""
    served = repository.served_crl(stem)
    if served is None:
        return True
    begun, until = served.facts.this_update, served.facts.next_update
    return until - now < min(share * (until - begun), most)
