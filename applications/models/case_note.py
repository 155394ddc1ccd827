"""Internal notes on a case: what reviewers write for each other."""

from django.db import models

from accounts.models import Person
from applications.models.application import Application
from applications.models.kept import OF_ERASED_ORDER
from certportal.foundation.kept_tables import Kept


class CaseNote(models.Model):
    """A reviewer's note for other reviewers, about the case or their action on it.

    The applicant does not see it. `to` is the new holder for `HANDED_OVER`, and the previous one
    for `TAKEN_OVER`.
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
