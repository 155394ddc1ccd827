"""The tables of the foundation: audit events, the outbox and the counters of limits."""

import uuid

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """One line of the audit log. Rows are only ever inserted: the database refuses the rest.

    Holds ids, never names or addresses, so that personal data can be erased from its own rows.
    """

    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    organisation_id = models.UUIDField(null=True)
    refused = models.BooleanField(default=False)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=40, blank=True)

    # From where it was done, while the event is made; `events.insert` keeps it in EventOrigin.
    address = ""

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"]),
            models.Index(fields=["at"]),
            models.Index(fields=["actor", "id"], name="event_actor"),
        ]

    def __str__(self) -> str:
        """Return the line as one would read it."""
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ} {self.actor} {self.action} {self.object_id}"


class EventOrigin(models.Model):
    """The network address from which an event was caused: personal data, so erased in time.

    (CJEU C-582/14: an address is personal data.)
    """

    event = models.OneToOneField(Event, models.PROTECT, related_name="origin")
    at = models.DateTimeField(db_index=True)
    address = models.GenericIPAddressField()

    def __str__(self) -> str:
        """Return the time; the address is nobody's business."""
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"


class OutboxItem(models.Model):
    """A piece of work stored with the change that caused it and done by one task later."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    topic = models.CharField(max_length=60)
    task = models.CharField(max_length=100)
    queue = models.CharField(max_length=20)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    # When the sweeper last sent the item to its queue; empty once a worker has taken it.
    handed_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(done_at=None, failed_at=None),
                name="outbox_open",
            ),
        ]

    def __str__(self) -> str:
        """Return topic and task."""
        return f"{self.topic} → {self.task}"


class Tally(models.Model):
    """How often something was done within one window of time; the counter of a limit."""

    scope = models.CharField(max_length=40)
    subject = models.CharField(max_length=64)
    window = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "subject", "window"], name="tally_once"),
        ]

    def __str__(self) -> str:
        """Return scope and count; the subject is a hash."""
        return f"{self.scope}: {self.count}"
