"""Django's sessions in the database, each read by a statement that is compiled once in a process.

Django compiles it anew for each request of somebody who has logged in (`SESSION_ENGINE`).
"""

from datetime import UTC, datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone

from certportal.foundation.database.combined_queries import Rows, compiled_for, first


class SessionStore(db.SessionStore):
    """Reads the same rows as Django's, and writes what that reads: both may serve at once.

    A cookie can spell U+0000, for which the database cannot be asked.
    """

    def save(self, must_create: bool = False) -> None:
        """Save the session. Django takes a database that fails for a session that was deleted."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError):
                raise error.__context__ from None
            raise

    def _validate_session_key(self, key: str) -> bool:
        return bool(super()._validate_session_key(key)) and key.isalnum()  # type: ignore[misc]

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = first(_lasting(self.session_key or "", timezone.now()).alone())
        if found is None:
            self._session_key = None
        return found


@compiled_for("stand-in", datetime.min.replace(tzinfo=UTC))
def _lasting(key: str, now: datetime) -> Rows:
    return Rows(Session.objects.filter(session_key=key, expire_date__gt=now))
