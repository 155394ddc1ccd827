"""Ready-made reasons, in the three languages of the service; the reviewer edits them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.views.shared.forms import VersionForm


@dataclass(frozen=True, slots=True)
class Template:
    """A reason: its id, what it is about, and the words the applicant reads."""

    id: str
    title: Promise
    text: Promise

    def in_language(self, language: str) -> str:
        """Return the words in that language."""
        with translation.override(language):
            return str(self.text)

    def in_all(self) -> list[tuple[str, str]]:
        """Return the words in every language of the service, with its code."""
        return [(code, self.in_language(code)) for code, _name in settings.LANGUAGES]


ASKING = (
    Template(
        "host",
        _("No evidence for a host name"),
        _(
            "We could not see that your organisation administers the host name. Tell us, under"
            " “Write a reply” on the order's page, who holds the domain and who can confirm your"
            " right to it on the holder's behalf, or correct the host name."
        ),
    ),
    Template(
        "unit",
        _("The unit does not match the register"),
        _(
            "The organisational unit of the application does not match the register of social"
            " welfare and health care organisations. Choose the right unit, or have the register"
            " corrected first."
        ),
    ),
    Template(
        "csr",
        _("The certificate request must be made again"),
        _(
            "The certificate request (CSR) does not fit the application. Make a new key pair and"
            " a new certificate request, and attach it to the application."
        ),
    ),
    Template(
        "system",
        _("The information system is not identified"),
        _(
            "The name or the OID of the information system is missing or wrong. Check both from"
            " the register of information systems and correct them."
        ),
    ),
    Template(
        "contact",
        _("The contact details are insufficient"),
        _(
            "The contact details are insufficient. Give a contact person who can answer our"
            " questions, and a mailbox that several people read."
        ),
    ),
)
REJECTING = (
    Template(
        "not_in_register",
        _("Not in the register"),
        _(
            "The organisation is not in the register that the certificate requires. A certificate"
            " can be issued only to an organisation that is in the register."
        ),
    ),
    Template(
        "no_right",
        _("No right to the host name"),
        _(
            "The applicant has not shown that the organisation administers the host name. A"
            " certificate can be issued only for a host name that the organisation administers."
        ),
    ),
    Template(
        "no_answer",
        _("No answer in time"),
        _(
            "The information we requested did not arrive by the deadline, and the application"
            " cannot be approved without it."
        ),
    ),
)


def added(
    form: VersionForm, field: str, templates: tuple[Template, ...], language: str
) -> dict[str, Any]:
    """Return what was typed into the form, with the template that its button names added.

    The words of the template, in the applicant's language, stand after those typed in the field.
    """
    typed = {one.name: one.value() for one in form}
    wanted = form.data.get("template", "")
    texts = [typed[field], *(one.in_language(language) for one in templates if one.id == wanted)]
    return typed | {field: "\n\n".join(text.strip() for text in texts if text and text.strip())}
