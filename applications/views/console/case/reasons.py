"""Ready-made reasons on the page where one is written; the reviewer edits them."""

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
    """The keys of the reasons that were added; none where a page of before sends none.

    It refuses nothing, since nobody types it and the text is what counts: what can be no key, a key
    that comes again, and keys after `MOST_USED` are left out.
    """

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> list[int]:
        """Read the keys."""
        keys = (int(one) for one in str(value or "").split() if KEY.fullmatch(one))
        return list(dict.fromkeys(keys))[:MOST_USED]

    def bound_data(self, data: Any, initial: Any) -> str:
        """Return what was sent."""
        return str(data or "")


class WithReasons(VersionForm):
    """A form to whose text ready-made reasons were added: `used` keeps which, to count them."""

    used = UsedField(required=False)


def offered(use: ReadyReason.Use) -> Offered:
    """Return the newest version of each reason that is offered."""
    versions = ReadyReasonVersion.objects.filter(reason__use=use, reason__ended_at=None)
    newest = versions.order_by("reason_id", "-number").distinct("reason_id")
    return list(newest)


def added(form: WithReasons, field: str, reasons: Offered, language: str) -> dict[str, Any]:
    """Return what was typed into the form, with the reason that its button names added.

    The words of the reason, in the applicant's language, stand after those typed in the field.
    """
    typed = {one.name: one.value() for one in form}
    wanted = [one for one in reasons if str(one.reason_id) == form.data.get("template")]
    texts = [typed[field], *(one.text_in(language) for one in wanted)]
    used = [typed["used"], *(str(one.reason_id) for one in wanted)]
    return typed | {
        field: "\n\n".join(text.strip() for text in texts if text and text.strip()),
        "used": " ".join(key for key in used if key),
    }
