"""The mirror: immutable versions of register rows, and the import runs that created them."""

from datetime import date
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from accounts.register.municipalities import SWEDISH_NAMES
from certportal.foundation.database.kept_tables import Kept, Ordinary


class Kind(models.TextChoices):
    """The two registers that an order may be based on."""

    SOTE_UNIT = "sote_unit"
    INTERMEDIARY = "intermediary"


COUNTED = ("added", "changed", "removed", "ended")


class RegisterRun(models.Model):
    """One import run: source, counts of changes, outcome. Written only by `mirror.imports`."""

    class Outcome(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        HELD = "held"  # would end too many units: waits until a person accepts it
        FAILED = "failed"

    class Scope(models.TextChoices):
        FULL = "full"  # a row not in it is no longer in the register
        DELTA = "delta"

    kind = models.CharField(max_length=16, choices=Kind)
    source = models.CharField(max_length=300)
    scope = models.CharField(max_length=8, choices=Scope)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.RUNNING)
    reason = models.CharField(max_length=200, blank=True)
    pages = models.PositiveIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    ended = models.PositiveIntegerField(default=0)
    # When the source last changed one of the rows read, if it says so.
    modified_at = models.DateTimeField(null=True)
    # For a held run: the first units it would end, as pairs of OID and name.
    ending = models.JSONField(default=list)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.CharField(max_length=80, blank=True)
    accepted_reason = models.TextField(blank=True)

    keeping = Kept(
        fixed=["id", "kind", "source", "scope", "started_at"],
        refused="OLD.outcome NOT IN ('running', 'held') OR OLD.accepted_at IS NOT NULL",
    )

    class Meta:
        indexes = [
            models.Index("kind", "outcome", F("started_at").desc(), name="register_run_last")
        ]

    @property
    def event_data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COUNTED}

    def __str__(self) -> str:
        return f"{self.kind} {self.scope} {self.started_at:%Y-%m-%d %H:%M} {self.outcome}"


class RegisterRecord(models.Model):
    """One version of a register row: a unit in one validity period (a bitemporal record).

    ``known_from`` and ``known_to`` tell when the mirror held this version. A version is never
    edited: a change sets its ``known_to`` and inserts a new one. ``valid_from`` and ``valid_to``
    are the register's validity days, both inclusive, None if open. ``search_name`` and
    ``search_words`` hold the folded names, see `accounts.register.lookup.folding`. Columns searched
    by prefix have collation "C", so that a plain index serves both prefix search and order.
    """

    class Sector(models.IntegerChoices):
        PUBLIC = 1
        PRIVATE = 2
        SELF_REGISTERED = 3

    ACTIVE = "ACTIVE"

    kind = models.CharField(max_length=16, choices=Kind)
    oid = models.CharField(max_length=128, db_collation="C")
    parent_oid = models.CharField(max_length=128, blank=True)
    provider_oid = models.CharField(max_length=128, blank=True)
    business_id = models.CharField(max_length=9, blank=True, db_collation="C")
    long_name = models.TextField(blank=True)
    abbreviation = models.TextField(blank=True)
    sector = models.PositiveSmallIntegerField(null=True, choices=Sector)
    municipality_code = models.CharField(max_length=3, blank=True)
    municipality_name = models.TextField(blank=True)
    post_address = models.TextField(blank=True)
    street_address = models.TextField(blank=True)
    post_number = models.TextField(blank=True)
    post_office = models.TextField(blank=True)
    hierarchy_level = models.PositiveSmallIntegerField(null=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    status = models.CharField(max_length=16)
    attributes = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=32)
    search_name = models.TextField(db_collation="C")
    search_words = SearchVectorField()
    known_from = models.DateTimeField()
    known_to = models.DateTimeField(null=True)
    # No foreign key constraint in the database: an import writes the same run into 100,000 rows,
    # and checking each row costs as much as the import. Runs are never deleted.
    run = models.ForeignKey(
        RegisterRun, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )

    keeping = Kept(once=["known_to"])

    class Meta:
        constraints = [
            # A code may return with another validity period (CSAPI v6, validOn of PUT).
            models.UniqueConstraint(
                fields=["oid", "kind", "valid_from"],
                condition=Q(known_to=None),
                nulls_distinct=False,
                name="register_record_current",
            ),
            models.CheckConstraint(
                condition=Q(known_to=None) | Q(known_to__gte=F("known_from")),
                name="register_record_known_in_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["business_id", "oid"],
                condition=Q(known_to=None),
                name="register_record_business",
            ),
            models.Index(
                fields=["search_name"], condition=Q(known_to=None), name="register_record_name"
            ),
            # fastupdate off: searches would scan the pending list until the next vacuum.
            GinIndex(
                fields=["search_words"],
                condition=Q(known_to=None),
                fastupdate=False,
                name="register_record_words",
            ),
            models.Index(
                fields=["oid"], condition=Q(known_to__isnull=False), name="register_record_earlier"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.oid} {self.long_name}"

    @property
    def is_provider(self) -> bool:
        """Whether this record is the provider (the organisation) and not one of its units."""
        return self.oid == self.provider_oid

    @property
    def municipality(self) -> str:
        """Name of the municipality for a reader: the register has only the Finnish one."""
        swedish = SWEDISH_NAMES.get(self.municipality_code) if get_language() == "sv" else None
        return swedish or self.municipality_name

    def is_valid(self, on: date) -> bool:
        """Whether the register's validity period covers the day *on* (both ends inclusive)."""
        began = self.valid_from is None or self.valid_from <= on
        return began and (self.valid_to is None or on <= self.valid_to)

    def is_standing(self, on: date) -> bool:
        """Whether the record is in the register, active, and valid on that day."""
        return self.known_to is None and self.status == self.ACTIVE and self.is_valid(on)


class RegisterWord(models.Model):
    """A search word of some unit; these words are the dictionary for correcting typing errors."""

    word = models.CharField(max_length=100, primary_key=True, db_collation="C")

    keeping = Ordinary("a dictionary made of the records, and made anew from them")

    class Meta:
        indexes = [
            GinIndex(
                OpClass(F("word"), "gin_trgm_ops"), fastupdate=False, name="register_word_trigrams"
            )
        ]
