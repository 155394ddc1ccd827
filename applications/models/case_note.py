"""Internal notes on a case: what reviewers write for each other."""

from django.db import models

from accounts.models import Person
from applications.models.application import Application
from applications.models.kept import OF_ERASED_ORDER
from certportal.foundation.kept_tables import Kept


class CaseNote(models.Model):
    """What a reviewer wrote for other reviewers, about the case or an act of theirs on it.

    The applicant does not read it. `to` is who got the case by a `HANDED_OVER`, and who had it
    before a `TAKEN_OVER`.
    """

    class About(models.TextChoices):
        CASE = "case"
        SET_ASIDE = "set_aside"
        HANDED_OVER = "handed_over"
        TAKEN_OVER = "taken_over"

    application = models.ForeignKey(Application, models.PROTECT, related_name="notes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    about = models.CharField(max_length=12, choices=About)
    to = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    keeping = Kept(erased=["text"], erasable=OF_ERASED_ORDER)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        """Return what it is about."""
        return str(self.about)
