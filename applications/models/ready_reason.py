"""Ready-made reasons that reviewers choose among, with every version of their words."""

from django.conf import settings
from django.db import models
from django.utils.translation import get_language

from accounts.models import Person
from certportal.foundation.kept_tables import Kept


class ReadyReason(models.Model):
    """A reason for what `use` says; `used` counts how often one was sent with its words.

    After `ended_at` it is offered no more.
    """

    class Use(models.TextChoices):
        ASKING = "asking"
        REJECTING = "rejecting"

    use = models.CharField(max_length=10, choices=Use)
    used = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    keeping = Kept(changing=["used"], once=["ended_at"])

    def __str__(self) -> str:
        """Return the number."""
        return str(self.pk)


class ReadyReasonVersion(models.Model):
    """What a reason said from `at` until the next version, and who wrote it (None: its makers).

    `words`: by language code, the `title` that reviewers read and the `text` for the applicant.
    """

    reason = models.ForeignKey(ReadyReason, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    words = models.JSONField()
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    keeping = Kept()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["reason", "number"], name="reason_version_once"),
        ]

    def __str__(self) -> str:
        """Return the title in the reader's language."""
        return self.title

    @property
    def title(self) -> str:
        """What it is about, in the reader's language."""
        return self._in(get_language() or settings.LANGUAGE_CODE)["title"]

    def text_in(self, language: str) -> str:
        """Return what the applicant reads in that language."""
        return self._in(language)["text"]

    def in_all(self) -> list[tuple[str, str]]:
        """Return what the applicant reads in every language of the service, with its code."""
        return [(code, self.text_in(code)) for code, _name in settings.LANGUAGES]

    def _in(self, language: str) -> dict[str, str]:
        words: dict[str, dict[str, str]] = self.words
        return words.get(language) or words[settings.LANGUAGE_CODE]
