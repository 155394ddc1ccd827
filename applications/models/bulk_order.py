"""Orders that were begun together, so that they are looked at and sent together."""

import uuid

from django.db import models

from certportal.foundation.kept_tables import Kept


class BulkOrder(models.Model):
    """Orders begun by one act for many units or hosts; `orders` are normal orders in all else.

    Whose it is, and who began and sent it, its orders tell. `asked` is the SHA-256 of what was
    asked for, by which a repeated request is known; `sent_at` when its drafts were first sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField()
    asked = models.CharField(max_length=64)
    sent_at = models.DateTimeField(null=True)

    keeping = Kept(
        once=["sent_at"],
        deletable="NOT EXISTS (SELECT FROM applications_application WHERE bulk_order_id = OLD.id)",
    )

    def __str__(self) -> str:
        """Return the beginning of the hash."""
        return self.asked[:16]
