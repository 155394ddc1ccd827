"""Bulk orders: orders created together, to be checked and sent together."""

import uuid

from django.db import models

from certportal.foundation.database.kept_tables import Kept


class BulkOrder(models.Model):
    """Orders created in one step for many units or hosts; otherwise they are normal orders.

    Owner, creator and sender are those of its orders. `asked` is the SHA-256 of the request that
    created it, to detect a repeated one; `sent_at` is when its drafts were first sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField()
    asked = models.CharField(max_length=64)
    sent_at = models.DateTimeField(null=True)

    keeping = Kept(
        once=["sent_at"],
        deletable="NOT EXISTS (SELECT FROM applications_application WHERE bulk_order_id = OLD.id)",
    )
