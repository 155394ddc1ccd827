"""Service notices: what the operator tells on all pages from one moment until another.

Pages do not ask the database for them each time: every process reads them once in `KEPT_FOR`. While
the database does not answer, what was read last is shown.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.models import ServiceNotice

KEPT_FOR = timedelta(seconds=30)
LONGEST = 500
"""Characters of a text."""


class Unfit(Refused):
    """The notice cannot be told so, or there is none; the text says what to do."""


@transaction.atomic
def announce(
    texts: Mapping[str, str],
    *,
    begins_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
) -> ServiceNotice:
    """Show the notice on all pages in that period. Raises Unfit."""
    said = {code: texts.get(code, "").strip() for code, _name in settings.LANGUAGES}
    if not all(said.values()):
        raise Unfit(_("Give the text in every language of the service."))
    if any(len(one) > LONGEST for one in said.values()):
        raise Unfit(_("Shorten the text: it stands on every page."))
    if ends_at <= max(begins_at, now):
        raise Unfit(_("Give an end that is in the future, and after the beginning."))
    made = ServiceNotice.objects.create(texts=said, begins_at=begins_at, ends_at=ends_at)
    events.record(ServiceEvent.NOTICE_SET, made, actor, now)
    return made


@transaction.atomic
def end(notice_id: int, *, actor: Actor, now: datetime) -> None:
    """Show the notice no longer, or never. Raises Unfit."""
    found = ServiceNotice.objects.select_for_update().filter(pk=notice_id, ends_at__gt=now).first()
    if found is None:
        raise Unfit(_("There is no notice of this number that is shown now or later."))
    found.ends_at = now
    found.begins_at = min(found.begins_at, now)
    found.save(update_fields=["begins_at", "ends_at"])
    events.record(ServiceEvent.NOTICE_ENDED, found, actor, now)


def read(*, now: datetime) -> list[ServiceNotice]:
    """Return the notices that are shown now or later, the one that begins first before others."""
    return list(ServiceNotice.objects.filter(ends_at__gt=now).order_by("begins_at", "pk"))


@dataclass
class _Keeper:
    """What this process read last, and when."""

    found: list[ServiceNotice] = field(default_factory=list)
    read_at: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def notices(self, now: datetime) -> list[ServiceNotice]:
        """Return the notices; whoever finds another thread reading shows those of before."""
        fresh = self.read_at is not None and timedelta(0) <= now - self.read_at < KEPT_FOR
        if fresh or not self.lock.acquire(blocking=False):
            return self.found
        try:
            self.read_at = now  # also where it fails: the next page does not wait as well
            self.found = read(now=now)
        except Error:
            pass
        finally:
            self.lock.release()
        return self.found


_keeper = _Keeper()


def shown(*, now: datetime) -> list[str]:
    """Return the texts of the notices that are shown now, in the active language."""
    current = [one for one in _keeper.notices(now) if one.begins_at <= now < one.ends_at]
    language = get_language() or settings.LANGUAGE_CODE
    return [one.texts.get(language) or one.texts[settings.LANGUAGE_CODE] for one in current]
