"""Marks of persons who are disqualified from approving an order (hallintolaki 28 §).

A mark is `person:` with the person's key, or `address:` with the SHA-256 of the mailbox, however
its address is spelled, so that the permanent records contain no addresses.
"""

from uuid import UUID

from accounts.models import Person
from certportal.foundation.database.combined_queries import Asks, Question, Rows, compiled_for
from certportal.foundation.text.mail_addresses import address_mark


@Question
def own_marks(person: Person) -> Asks[set[str]]:
    """The marks of the person and of the accounts merged into theirs.

    Also those of addresses that they had: who is named in an order remains so under another one.
    """

    def marks(merged: list[Person]) -> set[str]:
        found = {f"person:{person.merged_into_id or person.pk}"}
        for account in (person, *merged):
            found |= {f"person:{account.pk}", *account.former_addresses}
            if account.email:
                found.add(address_mark(account.email))
        return found

    return _merged_into(person.pk), marks


@compiled_for(UUID(int=1))
def _merged_into(person: UUID) -> Rows:
    return Rows(Person.objects.filter(merged_into=person))
