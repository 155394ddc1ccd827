"""Submissions: the contents of an application as it was sent, never changed."""

from django.db import models

from accounts.models import Person
from accounts.register.models import RegisterRecord
from applications.models.application import Application
from applications.models.csr import Csr
from applications.models.kept import OF_ERASED_ORDER
from certportal.foundation.database.kept_tables import Kept


class Submission(models.Model):
    """One submission of an application, numbered from 1.

    `content` is canonical JSON and `sha256` its hash; `person` sent it in `language`; `record` is
    the register record relied on.
    """

    application = models.ForeignKey(Application, models.PROTECT, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(max_length=2)
    at = models.DateTimeField()
    record = models.ForeignKey(RegisterRecord, models.PROTECT, null=True, related_name="+")
    csr = models.ForeignKey(Csr, models.PROTECT, null=True, related_name="+")

    keeping = Kept(rewritten=["content"], erasable=OF_ERASED_ORDER)

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["person"], include=["id"], name="submissions_of_person")]
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="submission_number"),
        ]
