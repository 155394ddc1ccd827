"""In-memory test double of `Mandates`: rights given as options, or an unavailable source."""

from datetime import datetime

from accounts.mandates.protocol import Mandate
from accounts.models import Membership, Person
from certportal.foundation.errors import Unavailable


class InMemory:
    """A source with fixed rights: (name of the person, business ID, basis, detail)."""

    def __init__(
        self, *, rights: tuple[tuple[str, str, str, str], ...] = (), answers: bool = True
    ) -> None:
        """Store the rights; if `answers` is false, every query raises Unavailable."""
        self.rights, self.answers = rights, answers

    def right(self, person: Person, business_id: str, *, now: datetime) -> Mandate | None:
        """Return the right given for this person's name and the business ID, or None."""
        if not self.answers:
            raise Unavailable("mandates")
        for name, code, basis, detail in self.rights:
            if (name, code) == (str(person), business_id):
                return Mandate(Membership.Basis(basis), detail)
        return None
