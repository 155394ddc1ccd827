"""Ready-made reasons in forms: a button adds one to the text, which the reviewer edits."""

import re
from typing import Any

from django import forms

from applications.models import ReadyReason, ReadyReasonVersion
from applications.views.shared.forms import VersionForm

MOST_USED = 20
"""The most ready-made reasons in one text."""

KEY = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)

type Offered = list[ReadyReasonVersion]


class UsedField(forms.Field):
    """The keys of the ready-made reasons added to the text, in a hidden field.

    It never raises, because nobody types it and the text is what counts: invalid keys, duplicates
    and keys after `MOST_USED` are ignored.
    """

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> list[int]:
        keys = (int(key) for key in str(value or "").split() if KEY.fullmatch(key))
        return list(dict.fromkeys(keys))[:MOST_USED]

    def bound_data(self, data: Any, initial: Any) -> str:
        """Return the submitted text."""
        return str(data or "")


class WithReasons(VersionForm):
    """A form with ready-made reasons: `used` has the keys of those added, to count their use."""

    used = UsedField(required=False)


def offered(use: ReadyReason.Use) -> Offered:
    """Return the newest version of each reason that is still offered."""
    versions = ReadyReasonVersion.objects.filter(reason__use=use, reason__ended_at=None)
    return list(versions.order_by("reason_id", "-number").distinct("reason_id"))


def added(form: WithReasons, field: str, reasons: Offered, language: str) -> dict[str, Any]:
    """Return the form's data with the ready-made reason of the pressed button added.

    The text of the reason, in the applicant's language, is appended to `field`. A private key is
    left out.
    """
    form.is_valid()
    typed = {bound.name: bound.value() for bound in form}
    pressed = form.data.get("template")
    chosen = [reason for reason in reasons if str(reason.reason_id) == pressed]
    texts = [typed[field], *(reason.text_in(language) for reason in chosen)]
    used = [typed["used"], *(str(reason.reason_id) for reason in chosen)]
    return typed | {
        field: "\n\n".join(text.strip() for text in texts if text and text.strip()),
        "used": " ".join(key for key in used if key),
    }
