from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from certportal.foundation import clock, notices
from certportal.foundation.actors import system
from certportal.foundation.management.operators import OperatorCommand

ACTOR = system("service_notice")


class Command(OperatorCommand):
    help = (
        "Tell something on all pages: give the text in each language and until when. Times are"
        " Finnish, such as 2026-12-01T18:00. Without arguments it lists what is told."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for code, name in settings.LANGUAGES:
            parser.add_argument(f"--{code}", default="", help=f"the text: {name}")
        parser.add_argument("--from", dest="begins", default="", help="default: now")
        parser.add_argument("--until", default="")
        parser.add_argument("--end", type=int, help="number of the notice to end now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Announce or end, then list the present and future notices."""
        now = clock.now()
        texts = {code: options[code] for code, _name in settings.LANGUAGES}
        if options["end"] is not None:
            notices.end(options["end"], actor=ACTOR, now=now)
        elif options["until"] or any(texts.values()):
            begins = _moment(options["begins"]) if options["begins"] else now
            ends = _moment(options["until"])
            notices.announce(texts, begins_at=begins, ends_at=ends, actor=ACTOR, now=now)
        self._list(now)

    def _list(self, now: datetime) -> None:
        found = notices.read(now=now)
        if not found:
            self.stdout.write(_("No notice is shown now or later."))
        for notice in found:
            first, last = (_words(at) for at in (notice.begins_at, notice.ends_at))
            self.stdout.write(f"{notice.pk}: {first} – {last}")
            for code, text in notice.texts.items():
                self.stdout.write(f"  {code}: {text}")
        if found:
            seconds = notices.KEPT_FOR // timedelta(seconds=1)
            words = _("Pages show it, or no longer, within %(seconds)s seconds.")
            self.stdout.write(words % {"seconds": seconds})


def _moment(text: str) -> datetime:
    """Parse an ISO 8601 time; without an offset it is Finnish."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        words = _("“%(given)s” is not a time such as 2026-12-01T18:00.")
        raise CommandError(words % {"given": text}) from error
    return given if given.tzinfo else given.replace(tzinfo=clock.HELSINKI)


def _words(at: datetime) -> str:
    return date_format(at.astimezone(clock.HELSINKI), "SHORT_DATETIME_FORMAT")
