"""Models of the foundation: audit events, the outbox and rate-limit counters."""

import uuid
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform

from certportal.foundation.database.kept_tables import ALWAYS, Kept, Ordinary
from certportal.foundation.event_names import words


class Event(models.Model):
    """An entry of the audit log. The database allows only inserts.

    Holds ids, never names or addresses, so that personal data can be erased in other tables.
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

    # Network address until the event is inserted; `events.insert` stores it in EventOrigin.
    address = ""

    keeping = Kept()

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"]),
            models.Index(fields=["at"]),
            models.Index(fields=["actor", "id"], name="event_actor"),
            models.Index(fields=["action", "id"], name="event_action"),
            models.Index(
                fields=["organisation_id", "id"],
                name="event_organisation",
                condition=~Q(organisation_id=None),
            ),
            models.Index(fields=["id"], name="event_refused", condition=Q(refused=True)),
            models.Index(
                KeyTextTransform("reference", "data"),
                "id",
                name="event_reference",
                condition=Q(data__has_key="reference"),
            ),
            models.Index(
                KeyTextTransform("serial", "data"),
                "id",
                name="event_serial",
                condition=Q(data__has_key="serial"),
            ),
        ]

    @property
    def words(self) -> str:
        """What happened, in the active language."""
        return words(self.action)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ} {self.actor} {self.action} {self.object_id}"


class EventOrigin(models.Model):
    """The network address of an event's actor, in a separate table because it is erased later.

    (An IP address is personal data: CJEU C-582/14.)
    """

    event = models.OneToOneField(Event, models.PROTECT, related_name="origin")
    at = models.DateTimeField(db_index=True)
    address = models.GenericIPAddressField()

    keeping = Kept(deletable=ALWAYS)


class OutboxItem(models.Model):
    """Work that is stored in the transaction that causes it and done later by one task."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    topic = models.CharField(max_length=60)
    task = models.CharField(max_length=100)
    queue = models.CharField(max_length=20)
    payload = models.JSONField(default=dict)
    # Id of the HTTP request that caused it, for logs and events of the resulting work.
    request_id = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    # When the sweeper last sent the item to its queue; empty once a worker has taken it.
    handed_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    # Rounds of attempts: a new one begins when an item that was set aside is taken up again.
    round = models.PositiveSmallIntegerField(default=1)
    # Of a mail: keyed hash of the address that it was last sent to (`sending.mark_of`).
    sent_to = models.CharField(max_length=16, blank=True)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    keeping = Ordinary("work to be done, removed when its time is over; what was done is an event")

    class Meta:
        indexes = [
            models.Index(fields=["queue"], condition=Q(done_at=None), name="outbox_undone"),
            models.Index(
                fields=["due_at"], condition=Q(done_at=None, failed_at=None), name="outbox_open"
            ),
            models.Index(
                fields=["failed_at"],
                condition=Q(done_at=None) & ~Q(failed_at=None),
                name="outbox_set_aside",
            ),
        ]

    @cached_property
    def lease_ends(self) -> list[datetime | None]:
        """When the lease that this process holds ends: each time that it may have stored."""
        return [self.leased_until]

    def held(self) -> "models.QuerySet[OutboxItem]":
        """Return the query for this leased item: empty if another worker has taken it."""
        leased = OutboxItem.objects.filter(pk=self.pk, done_at=None)
        return leased.filter(leased_until__in=self.lease_ends)

    @property
    def event_data(self) -> dict[str, Any]:
        return {"topic": self.topic, "task": self.task}

    def __str__(self) -> str:
        return f"{self.topic} → {self.task}"


class Tally(models.Model):
    """The counter of a rate limit: uses by one subject within one time window."""

    scope = models.CharField(max_length=40)
    subject = models.CharField(max_length=64)
    window = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    keeping = Ordinary("counters of limits")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "subject", "window"], name="tally_once"),
        ]


class ServiceNotice(models.Model):
    """A notice of the operator on all pages, for a period.

    `texts`: one for each language of the service, by language code.
    """

    texts = models.JSONField()
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)

    event_type = "service_notice"  # as events name it
    keeping = Ordinary("notices on pages; that one was set or ended is an event")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=models.F("begins_at")), name="notice_begins_first"
            ),
        ]

    @property
    def event_data(self) -> dict[str, Any]:
        return {"from": self.begins_at.isoformat(), "until": self.ends_at.isoformat()}
