"""The mirror: immutable versions of register rows, and the runs that brought them."""

from datetime import date

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q


class Kind(models.TextChoices):
    """The two registers that an order may rest on."""

    SOTE_UNIT = "sote_unit"
    INTERMEDIARY = "intermediary"


class RegisterRun(models.Model):
    """One import: what was read, what changed, how it ended. Written by the importer only."""

    class Outcome(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        HELD = "held"  # would have ended too much: waits for a person's word
        FAILED = "failed"

    class Scope(models.TextChoices):
        FULL = "full"  # what is not in it is no longer in the register
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
    # Of a held run: the first units it would have ended, as pairs of OID and name.
    ending = models.JSONField(default=list)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.CharField(max_length=80, blank=True)
    accepted_reason = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index("kind", "outcome", F("started_at").desc(), name="register_run_last")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope} {self.started_at:%Y-%m-%d %H:%M} {self.outcome}"


class RegisterRecord(models.Model):
    """What a register said of one unit during one validity period, as long as we knew it so.

    A row is never edited: a change closes ``known_to`` and inserts another. ``valid_from`` and
    ``valid_to`` are the register's own days, both inclusive, None where open. ``search_name`` and
    ``search_words`` hold the folded names, see `accounts.register.folding`. Columns that are looked
    up by their beginning are collated "C", so that a plain index serves prefix and order alike.
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
    # No constraint in the database: an import writes one run into 100,000 rows, and checking it
    # row by row costs as much as the import. Runs are written by `services` alone, never deleted.
    run = models.ForeignKey(
        RegisterRun, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )

    class Meta:
        constraints = [
            # A code may come back with another validity period (CSAPI v6, validOn of PUT).
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
            # No pending list: searches would read it through until the next vacuum.
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
        """Whether this is the organisation itself rather than one of its units."""
        return self.oid == self.provider_oid

    def is_valid(self, on: date) -> bool:
        """Whether the register's validity period covers the day *on* (both ends inclusive)."""
        began = self.valid_from is None or self.valid_from <= on
        return began and (self.valid_to is None or on <= self.valid_to)

    def is_standing(self, on: date) -> bool:
        """Whether the record stands in the register and is valid on that day."""
        return self.known_to is None and self.status == self.ACTIVE and self.is_valid(on)


class RegisterWord(models.Model):
    """A word that some unit is found by; the dictionary that typing errors are mended with."""

    word = models.CharField(max_length=100, primary_key=True, db_collation="C")

    class Meta:
        indexes = [
            GinIndex(
                OpClass(F("word"), "gin_trgm_ops"), fastupdate=False, name="register_word_trigrams"
            )
        ]

    def __str__(self) -> str:
        return self.word
