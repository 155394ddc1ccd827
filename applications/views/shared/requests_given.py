"""Upload of several certificate requests: the form for the files, and the results in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.checks.wording import word_all
from applications.models import Application
from applications.rules import request_files
from applications.rules.request_matching import Why
from applications.services.applicant.requests_together import FileResult, Outcome
from certportal.foundation.errors import Refused
from certportal.foundation.files.documents import HoldsPrivateKey
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import Form, UploadField, Words

OUTCOMES: dict[Outcome, tuple[Promise, str]] = {
    Outcome.USED: (_("Given to the order"), "success"),
    Outcome.USED_BEFORE: (_("Given to its order in an earlier upload"), "success"),
    Outcome.COPY: (_("The same request as in another file"), "plain"),
    Outcome.TO_CONFIRM: (_("Waits for you to confirm it"), "warning"),
    Outcome.UNFIT: (_("Cannot be used"), "error"),
    Outcome.PRIVATE_KEY: (_("Contains a private key"), "error"),
    Outcome.UNMATCHED: (_("Given to no order"), "warning"),
    Outcome.SKIPPED: (_("Not read"), "plain"),
}
_URGENCY = ("error", "warning", "plain", "success")
"""The tones of outcomes, in the order in which they are read."""
REASONS: dict[Why | request_files.Skipped, Words] = {
    Why.NAMELESS: _("The request names neither a host nor a system. Give it on the order's page."),
    Why.NO_ORDER: _("No order that waits for a request has these names. Check the names."),
    Why.SEVERAL_ORDERS: _("Several orders fit equally. Give it on the page of the right one:"),
    Why.SEVERAL_REQUESTS: _("Several files fit the same order. Give the right one on its page:"),
    Why.MOVED_ON: _(
        "The order has changed in the meantime. Open its page to see what it is like now."
    ),
    request_files.Skipped.PRIVATE_KEY: HoldsPrivateKey.message,
    request_files.Skipped.OTHER_KIND: filled(
        _("By its name it is no certificate request. Names end in %(endings)s."),
        endings=", ".join(request_files.ENDINGS),
    ),
    request_files.Skipped.TOO_BIG: _("It is too large for a certificate request."),
    request_files.Skipped.ENCRYPTED: _("It is protected with a password. Pack it without one."),
    request_files.Skipped.DAMAGED: _("It is damaged in the archive. Pack it again."),
}
LEAKED = _(
    "Make a new key and a new request: this key is blocked now, since it has left your machine."
    " Nothing but its fingerprint was kept."
)
REVOKED = _("The certificate with the serial number %(serial)s has this key and was revoked.")
ALSO_UNREAD = _(
    "If you also sent a key that we could not read, for example because it is protected by a"
    " password, that key is not blocked. If a certificate has it, it stays valid until you revoke"
    " it."
)
UNREAD = _(
    "Make a new key and a new request. We could not read this key, so it is not blocked. If a"
    " certificate has it, revoke the certificate."
)


class SeveralFiles(forms.FileInput):
    """An input for one or more files."""

    allow_multiple_selected = True


class SeveralFilesField(UploadField):
    """One or more files, each of at most `max_bytes`; cleans to a list of them."""

    def __init__(self, *, accept: str = "", **kwargs: Any) -> None:
        super().__init__(widget=SeveralFiles(attrs={"accept": accept}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the uploads; ValidationError if there is none, or one is too large."""
        return [super(SeveralFilesField, self).clean(file, initial) for file in data or [None]]


class RequestsForm(Form):
    """Files of several certificate requests, also packed in ZIP archives."""

    requests = SeveralFilesField(
        label=_("Certificate requests"),
        help_text=filled(
            _(
                "Choose files, at most %(most)s at once, or a ZIP archive of them; %(limit)s MB at"
                " most. The private keys stay with you."
            ),
            most=settings.DATA_UPLOAD_MAX_NUMBER_FILES,
            limit=request_files.MOST_MEGABYTES,
        ),
        max_bytes=request_files.MOST_BYTES,
        accept=",".join([*request_files.ENDINGS, ".zip"]),
    )

    def read(self) -> list[request_files.RequestFile]:
        """Return the uploaded files; [] and a form error if they exceed the limits."""
        try:
            return request_files.files_of(
                (file.name, file.read()) for file in self.cleaned_data["requests"]
            )
        except Refused as refusal:
            self.add_error("requests", str(refusal))
            return []


@dataclass(frozen=True, slots=True)
class Line:
    """The result for a file in words; `links`: the orders concerned, with their URLs."""

    name: str
    label: Promise
    tone: str
    said: Words | None
    findings: list[Any]
    links: list[tuple[Application, str]]


def shown(
    results: Sequence[FileResult],
    *,
    order_url: Callable[[Application], str],
    preview_url: Callable[[Application, UUID], str],
) -> dict[str, Any]:
    """Return the template context of the results in words, those that need somebody first.

    A request to confirm links to its own page. `unread`: how many there was no time for.
    """
    unsorted = [_line(result, order_url, preview_url) for result in results]
    lines = sorted(unsorted, key=lambda line: _URGENCY.index(line.tone))
    return {
        "lines": lines,
        "left": [line for line in lines if line.tone != "success"],
        "given": [line for line in lines if line.tone == "success"],
        "used": sum(result.outcome == Outcome.USED for result in results),
        "unread": sum(result.why == Why.NO_TIME for result in results),
    }


def _exposed(result: FileResult) -> Words:
    if not (result.report and result.report.leaked_spki_sha256):
        return UNREAD
    revoked = [str(REVOKED) % {"serial": one} for one in result.revoked]
    return " ".join([str(LEAKED), *revoked, str(ALSO_UNREAD)])


def _line(
    result: FileResult,
    order_url: Callable[[Application], str],
    preview_url: Callable[[Application, UUID], str],
) -> Line:
    label, tone = OUTCOMES[result.outcome]
    waits = result.outcome == Outcome.TO_CONFIRM and result.order and result.csr
    orders = [result.order] if result.order else list(result.equal)
    links = [(order, order_url(order)) for order in orders]
    if waits and result.order and result.csr:
        links = [(result.order, preview_url(result.order, result.csr.pk))]
    said = REASONS.get(result.why) if result.why else None
    if result.outcome == Outcome.PRIVATE_KEY:
        said = _exposed(result)
    findings = result.report.findings if result.report and result.outcome != Outcome.USED else []
    return Line(
        result.name, label, tone, said, word_all([finding.to_json() for finding in findings]), links
    )
