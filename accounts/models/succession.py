"""The succession of one organisation by another."""

from typing import Any
from uuid import UUID

from django.db import models

from accounts.models.organisations import Organisation
from accounts.models.people import Person
from certportal.foundation.database.kept_tables import Kept


class Succession(models.Model):
    """A reviewer's decision that an organisation has been succeeded by another, with the reason.

    If the successor had no account, the account continues under the successor's business ID, and
    `organisation` and `successor` are the same row. `people` and `orders` count what was handed
    over.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="succeeded_by")
    successor = models.ForeignKey(Organisation, models.PROTECT, related_name="succeeded")
    former_name = models.CharField(max_length=300)
    former_code = models.CharField(max_length=9)
    code = models.CharField(max_length=9)
    reason = models.TextField()
    people = models.PositiveIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0)
    decided_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    keeping = Kept(changing=["orders"], erased=["reason"])

    class Meta:
        ordering = ["-at", "-pk"]

    @property
    def moves(self) -> bool:
        """Whether orders and people moved to another account, the successor's own."""
        return bool(self.organisation_id != self.successor_id)


class BelongsTo(models.Func):
    """Whether the row's account is `account`, or one that it succeeded, directly or through others.

    `BelongsTo("organisation", account)`: what somebody was to a former account stays in its rows,
    and counts for the orders that passed to the successor's.
    """

    output_field = models.BooleanField()

    # Read from the account, so that the index of the rows' accounts is used.
    _SQL = """
        ({row} IN (
            WITH RECURSIVE account AS (
                SELECT {account} AS id
              UNION
                SELECT organisation_id FROM accounts_succession
                JOIN account ON successor_id = account.id
            ) SELECT id FROM account
        ))
    """

    def __init__(self, row: str, account: Any) -> None:
        """Take the name of the row's foreign key, and the account's key or an expression for it."""
        is_expression = hasattr(account, "resolve_expression")
        known = account if is_expression else models.Value(UUID(str(account)))
        super().__init__(models.F(row), known)

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_more: Any) -> tuple[str, Any]:
        expressions = self.get_source_expressions()
        (row, of_row), (account, of_account) = map(compiler.compile, expressions)
        return self._SQL.format(row=row, account=account), (*of_row, *of_account)
