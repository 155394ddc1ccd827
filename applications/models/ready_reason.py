"""Ready-made reasons for reviewers to choose from, with every version of their texts."""

from django.conf import settings
from django.db import models
from django.utils.translation import get_language

from accounts.models import Person
from certportal.foundation.database.kept_tables import Kept


class ReadyReason(models.Model):
    """A ready-made reason for `use`; `used` counts how often it was sent.

    It is not offered after `ended_at`.
    """

    class Use(models.TextChoices):
        ASKING = "asking"
        REJECTING = "rejecting"

    use = models.CharField(max_length=10, choices=Use)
    used = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    keeping = Kept(changing=["used"], once=["ended_at"])


class ReadyReasonVersion(models.Model):
    """A reason's texts from `at` until the next version; `person` wrote it, None if built in.

    `words`: by language code, the `title` for reviewers and the `text` for the applicant.
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
        return self._in(get_language() or settings.LANGUAGE_CODE)["title"]

    def text_in(self, language: str) -> str:
        return self._in(language)["text"]

    def in_all(self) -> list[tuple[str, str]]:
        """Return the code of each language of the service, with the text for the applicant."""
        return [(code, self.text_in(code)) for code, _name in settings.LANGUAGES]

    def _in(self, language: str) -> dict[str, str]:
        words: dict[str, dict[str, str]] = self.words
        return words.get(language) or words[settings.LANGUAGE_CODE]
