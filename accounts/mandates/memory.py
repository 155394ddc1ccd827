"""The double of the seam: rights given as options, and a source that does not answer."""

from datetime import datetime

from accounts.mandates.protocol import Mandate
from accounts.models import Membership, Person
from certportal.foundation.errors import Unavailable


class InMemory:
    """Knows these rights: (name of the person, business ID, basis, detail)."""

    def __init__(
        self, *, rights: tuple[tuple[str, str, str, str], ...] = (), answers: bool = True
    ) -> None:
        """Keep the rights; with `answers` false the source is down."""
        self.rights, self.answers = rights, answers

    def right(self, person: Person, business_id: str, *, now: datetime) -> Mandate | None:
        """Return the right that was given for this person's name and the business ID."""
        if not self.answers:
            raise Unavailable("mandates")
        for name, code, basis, detail in self.rights:
            if (name, code) == (str(person), business_id):
                return Mandate(Membership.Basis(basis), detail)
        return None
