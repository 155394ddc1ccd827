"""Service notices: texts of the operator that all pages show for a period.

Every process reads them from the database once in `KEPT_FOR`, not for each page. While the database
does not answer, the notices read last are shown.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, transaction
from django.utils.translation import get_language, gettext_lazy as _

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.models import ServiceNotice
from certportal.foundation.text import invisible

KEPT_FOR = timedelta(seconds=30)
LONGEST = 500
"""Characters of a text."""


class Unfit(Refused):
    """The notice is invalid, or there is no such notice; the message says what to do."""


@transaction.atomic
def announce(
    texts: Mapping[str, str], *, begins_at: datetime, ends_at: datetime, actor: Actor, now: datetime
) -> ServiceNotice:
    """Show the notice on all pages in that period. Raises Unfit."""
    stripped = {code: texts.get(code, "").strip() for code, _name in settings.LANGUAGES}
    if any(map(invisible.is_blank, stripped.values())):
        raise Unfit(_("Give the text in every language of the service."))
    if any(len(text) > LONGEST for text in stripped.values()):
        raise Unfit(_("Shorten the text: it is shown on every page."))
    if ends_at <= max(begins_at, now):
        raise Unfit(_("Give an end that is in the future, and after the beginning."))
    notice = ServiceNotice.objects.create(texts=stripped, begins_at=begins_at, ends_at=ends_at)
    events.record(ServiceEvent.NOTICE_SET, notice, actor, now)
    return notice


@transaction.atomic
def end(notice_id: int, *, actor: Actor, now: datetime) -> None:
    """End a present notice, or cancel a future one. Raises Unfit."""
    found = ServiceNotice.objects.select_for_update().filter(pk=notice_id, ends_at__gt=now).first()
    if found is None:
        raise Unfit(_("There is no notice of this number that is shown now or later."))
    found.ends_at = now
    found.begins_at = min(found.begins_at, now)
    found.save(update_fields=["begins_at", "ends_at"])
    events.record(ServiceEvent.NOTICE_ENDED, found, actor, now)


def read(*, now: datetime) -> list[ServiceNotice]:
    """Return present and future notices, in the order in which they begin."""
    return list(ServiceNotice.objects.filter(ends_at__gt=now).order_by("begins_at", "pk"))


@dataclass
class _Keeper:
    """The process's cache of the notices."""

    found: list[ServiceNotice] = field(default_factory=list)
    read_at: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def notices(self, now: datetime) -> list[ServiceNotice]:
        """Return the notices; while another thread reads them, the cached ones."""
        fresh = self.read_at is not None and timedelta(0) <= now - self.read_at < KEPT_FOR
        if fresh or not self.lock.acquire(blocking=False):
            return self.found
        try:
            self.read_at = now  # before reading: if it fails, the next page must not wait too
            self.found = read(now=now)
        except Error:
            pass
        finally:
            self.lock.release()
        return self.found


_keeper = _Keeper()


def shown(*, now: datetime) -> list[str]:
    """Return the texts of the notices that are shown now, in the active language."""
    current = [each for each in _keeper.notices(now) if each.begins_at <= now < each.ends_at]
    language = get_language() or settings.LANGUAGE_CODE
    return [each.texts.get(language) or each.texts[settings.LANGUAGE_CODE] for each in current]
