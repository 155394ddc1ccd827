"""Papers of an order: PDFs made once by a worker and then stored unchanged."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.models.handling import Decision
from applications.models.kept import OF_ERASED_ORDER
from applications.models.submission import Submission
from certportal.foundation.database.combined_queries import Compiled, Rows, compiled_for
from certportal.foundation.database.kept_tables import Kept
from certportal.foundation.files import storing
from issuance.models import Certificate


@dataclass(frozen=True, slots=True)
class Installing:
    """Marks a certificate as the source of its installing sheet in a language.

    The certificate itself is the source of its revocation notice.
    """

    certificate: Certificate
    language: str


type Source = Submission | Decision | Certificate | Installing
"""The immutable row from which a paper is made; a Certificate gives its revocation notice."""


def storage_name(paper: "Paper", _given: str) -> str:
    """Return a random file name, as uploads have."""
    return storing.random_name()


def key_of(made_of: Source) -> dict[str, Submission | Decision | Certificate | str]:
    """Return the filter that finds the paper made of the source."""
    if isinstance(made_of, Installing):
        return {"installing": made_of.certificate, "sheet_language": made_of.language}
    kinds = {Submission: "submission", Decision: "decision", Certificate: "certificate"}
    return {kinds[type(made_of)]: made_of}


def order_key(made_of: Source) -> UUID:
    """Return the key of the order that the source belongs to."""
    if isinstance(made_of, Installing):
        return made_of.certificate.reference
    if isinstance(made_of, Certificate):
        return made_of.reference
    return made_of.application_id


SOURCES = ("submission", "decision", "certificate", "installing")


def _made_of_alone(source: str) -> Q:
    return Q(**{f"{name}__isnull": name != source for name in SOURCES})


class Paper(models.Model):
    """The PDF of a receipt, a decision, a notice of revocation, or an installing sheet.

    The row is created when the paper is first requested, and `made_at` is None until a worker has
    made it. The sources are unique, so that repeated requests give one paper; of an
    installing sheet, one in each language (`sheet_language`). `item` is the latest
    outbox item that makes it or has it sealed. While it waits for the seal, `prepared` is the file
    without the signature, and `digest` (SHA-384, hex) is what the seal signs.
    """

    application = models.ForeignKey(Application, models.PROTECT, related_name="papers")
    submission = models.OneToOneField(Submission, models.PROTECT, null=True, related_name="paper")
    decision = models.OneToOneField(Decision, models.PROTECT, null=True, related_name="paper")
    certificate = models.OneToOneField(Certificate, models.PROTECT, null=True, related_name="+")
    installing = models.ForeignKey(Certificate, models.PROTECT, null=True, related_name="+")
    sheet_language = models.CharField(max_length=2, blank=True, db_default="")
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
        until_closed=["digest"],  # a prepared file that was lost is rendered again
        closed="OLD.made_at IS NOT NULL",
        once=["file", "name", "size", "sha256", "made_at"],
        deletable=OF_ERASED_ORDER,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=reduce(or_, map(_made_of_alone, SOURCES)), name="paper_of_one_source"
            ),
            models.UniqueConstraint(
                fields=["installing", "sheet_language"], name="paper_sheet_of_one_language"
            ),
        ]

    @property
    def language(self) -> str:
        """The language of its submission or else its order; of a sheet, that of its page."""
        if self.installing is not None:
            return self.sheet_language or self.application.language
        made_of = self.submission or (self.decision and self.decision.submission)
        return made_of.language if made_of else self.application.language

    @property
    def kind(self) -> str:
        """The kind in events: `receipt`, `installing`, `revocation` or the kind of the decision."""
        if self.installing is not None:
            return "installing"
        if self.certificate is not None:
            return "revocation"
        return "receipt" if self.decision is None else self.decision.kind


def paper_of(made_of: Source) -> Paper | None:
    key = key_of(made_of)
    values = [each.pk if isinstance(each, models.Model) else each for each in key.values()]
    found: list[Paper] = _made_of(*key)(*values).alone()
    return found[0] if found else None


@cache
def _made_of(*names: str) -> Callable[..., Compiled]:
    stand_ins = ["a language" if name == "sheet_language" else -1 for name in names]

    @compiled_for(*stand_ins)
    def papers(*values: Any) -> Rows:
        return Rows(Paper.objects.filter(**dict(zip(names, values, strict=True))))

    return papers
