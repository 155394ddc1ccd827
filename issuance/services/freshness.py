"""How much longer the published lists and responses last: what monitoring asks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from issuance import repository
from issuance.conf import pki
from issuance.models import Certificate, IssuingCA
from issuance.services.ceremony import Place
from issuance.services.publish import BACKDATE, is_needed

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


def late_responses(now: datetime) -> list[str]:
    """Stems of the CAs some of whose OCSP responses are long due to be signed anew.

    They are when three quarters of their life are left; half means that it failed for hours. What
    lasts longer than a life is from the future, before the clock was put back: nobody believes it.
    """
    life = timedelta(hours=pki().ocsp_validity_hours)
    alive = Certificate.objects.filter(not_after__gte=now).values("issuing_ca")
    timely = Q(ocsp_next_update__range=(now + LATE[0] * life, now + life + BACKDATE))
    late = Q(ocsp_next_update=None) | ~timely
    cas = IssuingCA.objects.filter(late, pk__in=alive).order_by("pk")
    return [ca.stem for ca in cas if is_needed(ca, now)]


def _needed(now: datetime) -> Iterator[str]:
    needed = [ca for ca in IssuingCA.objects.order_by("pk") if is_needed(ca, now)]
    yield from (ca.stem for ca in needed)
    yield from dict.fromkeys(Place.of(ca).root_stem for ca in needed)


def _is_short(stem: str, now: datetime, share: float, most: timedelta) -> bool:
    """Whether less is left than this share of the list's life, and less than ``most``.

    Nothing is left of a list from the future, made before the clock was put back.
    """
    served = repository.served_crl(stem)
    if served is None:
        return True
    begun, until = served.facts.this_update, served.facts.next_update
    return begun > now or until - now < min(share * (until - begun), most)
