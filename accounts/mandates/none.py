"""No source of mandates: every right to act is confirmed by a reviewer."""

from datetime import datetime

from accounts.mandates.protocol import Mandate
from accounts.models import Person


class NoMandates:
    def right(self, person: Person, business_id: str, *, now: datetime) -> Mandate | None:
        return None
