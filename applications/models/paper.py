"""Papers of an order: PDFs made once by a worker and kept as they were made."""

from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.models.handling import Decision
from applications.models.kept import OF_ERASED_ORDER
from applications.models.submission import Submission
from certportal.foundation.files import storing
from certportal.foundation.kept_tables import Kept

type Source = Submission | Decision
"""What a paper is made of: frozen rows, so that it can be made again."""


def storage_name(paper: "Paper", _given: str) -> str:
    """Return a random file name, as uploads have."""
    return storing.random_name()


def key_of(made_of: Source) -> dict[str, Source]:
    """Return the filter that finds the paper made of the source."""
    return {"submission" if isinstance(made_of, Submission) else "decision": made_of}


class Paper(models.Model):
    """The PDF of one submission (its receipt) or of one decision that rejects.

    The row is created when the paper is first wanted, and `made_at` is None until a worker has made
    it. The unique sources make any number of requests one paper. `item` is the latest outbox item
    that is to make it, or to have it sealed. While it waits for the seal, `prepared` is the file
    without the signature, and `digest` (SHA-384, hex) what the seal signs.
    """

    application = models.ForeignKey(Application, models.PROTECT, related_name="papers")
    submission = models.OneToOneField(Submission, models.PROTECT, null=True, related_name="paper")
    decision = models.OneToOneField(Decision, models.PROTECT, null=True, related_name="paper")
    item = models.UUIDField(null=True)
    prepared = models.FileField(upload_to=storage_name, max_length=60, blank=True, db_default="")
    digest = models.CharField(max_length=96, blank=True, db_default="")
    file = models.FileField(upload_to=storage_name, max_length=60, blank=True)
    name = models.CharField(max_length=120, blank=True)
    size = models.PositiveIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(null=True)

    keeping = Kept(
        changing=["item", "prepared"],
        once=["digest", "file", "name", "size", "sha256", "made_at"],
        deletable=OF_ERASED_ORDER,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(submission=None) ^ Q(decision=None), name="paper_of_one_source"
            ),
        ]

    @property
    def language(self) -> str:
        """The language it is written in: that of its submission."""
        made_of = self.submission or (self.decision and self.decision.submission)
        return made_of.language if made_of else ""

    @property
    def kind(self) -> str:
        """What it is, for the record: `receipt` or the kind of the decision."""
        return "receipt" if self.decision is None else self.decision.kind

    def __str__(self) -> str:
        """Return the file name, which is empty until the paper has been rendered."""
        return self.name
