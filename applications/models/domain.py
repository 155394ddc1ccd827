"""Domains that an organisation proves control of by DNS, with the result of the last lookup."""

from django.db import models

from accounts.models import Organisation
from certportal.foundation.database.kept_tables import Ordinary


class Domain(models.Model):
    """A host name of an organisation, and the result of the last DNS lookup of its record.

    `place` is the name that has the record: the host itself or, with `subdomains`, a parent.
    `proven_at` is when the record was last found; it is emptied when a lookup does not find it.
    `outcome` is a value of `rules.domain_record.Outcome`, empty until the first lookup.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="domains")
    name = models.CharField(max_length=253)
    asked_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True)
    place = models.CharField(max_length=253, blank=True)
    record = models.TextField(blank=True)
    subdomains = models.BooleanField(default=False)
    is_secure = models.BooleanField(default=False)
    caa = models.JSONField(default=list)
    resolvers = models.JSONField(default=list)
    proven_at = models.DateTimeField(null=True)

    keeping = Ordinary("looked up again and again; each look is an event")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="domain_once")]

    def __str__(self) -> str:
        return self.name
