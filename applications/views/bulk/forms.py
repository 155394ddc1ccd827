"""The forms of a bulk order: its type, the fields common to its orders, the rows, sending."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy

from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.services.applicant.bulk_orders import MOST_ORDERS
from applications.views.bulk import sheet
from applications.views.order.forms.contact import ContactForm
from applications.views.order.forms.csr import LATER
from applications.views.order.forms.declarations import DeclarationsForm
from applications.views.order.forms.delivery import DeliveryForm
from applications.views.order.forms.parts import NewOrderForm, PurposeForm
from applications.views.order.forms.technical_contact import OptionalTechnicalContactForm
from applications.views.order.forms.validity import ValidityForm
from applications.views.shared.forms import PartForm
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import Form, SearchField, UploadField

LONGEST_TEXT = 400_000
"""The most characters of the rows: more than `MOST_ORDERS` rows need."""
TYPES = [kind for kind in CertificateType if not kind.has_mailbox]
"""A mailbox is proven by a code of its own, so it is ordered alone."""


class ManyTypeForm(NewOrderForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the types that can be ordered in bulk."""
        super().__init__(*args, **kwargs)
        self.offer("type", ((kind.value, kind.label) for kind in TYPES))


class RequestByForm(PartForm):
    """Who sends the certificate requests that are not given before the orders are sent."""

    csr_by = forms.ChoiceField(
        label=gettext_lazy("Who sends the certificate request of each order?"),
        help_text=gettext_lazy("You can also give them before you send the orders."),
        choices=LATER,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who sends the certificate requests.")},
    )

    def saved(self) -> dict[str, Any]:
        """Return the present value; the default is the applicant, as usual for bulk orders."""
        return {"csr_by": self.application.csr_by or "applicant"}


class Common:
    """The fields common to the orders: several forms of a single order, on one page."""

    def __init__(self, draft: Application, data: Any, *, kept: QueryDict, today: date) -> None:
        """Set valid values in the unsaved `draft`, because one form may depend on another.

        `kept` has initial values from an earlier page; other keys in it are ignored.
        """
        kinds: list[type[PartForm]] = [
            ValidityForm,
            ContactForm,
            DeliveryForm,
            RequestByForm,
            OptionalTechnicalContactForm,
        ]
        if draft.kind.has_purpose:
            kinds.insert(0, PurposeForm)
        self.draft, self.values = draft, dict[str, Any]()
        self.forms = [self._made(kind, data, today) for kind in kinds]
        self.kept = [
            (name, value)
            for form in self.forms
            for name in form.fields
            for value in kept.getlist(name)
        ]
        for form in self.forms if self.kept else []:
            for name, field in form.fields.items():
                form.initial[name] = field.widget.value_from_datadict(kept, MultiValueDict(), name)

    def _made(self, kind: type[PartForm], data: Any, today: date) -> PartForm:
        form = kind(self.draft, data, today=today)
        form.heading_field = None  # the page has several forms
        del form.fields["version"]
        if form.is_valid():
            self.values |= form.values()
            for name, value in form.values().items():
                setattr(self.draft, name, value)
        return form

    def __iter__(self) -> Iterator[PartForm]:
        """Yield the forms in their order on the page."""
        return iter(self.forms)

    def is_valid(self) -> bool:
        return all(form.is_valid() for form in self.forms)


class RowsForm(Form):
    """The rows as a file or text; the contents of the file are then shown as text."""

    never_optional = True

    file = UploadField(
        label=gettext_lazy("Rows as a CSV file"),
        help_text=filled(
            gettext_lazy(
                "At most %(limit)s rows. The rows of the file replace those in the field below."
            ),
            limit=MOST_ORDERS,
        ),
        max_bytes=LONGEST_TEXT,
        accept=".csv,.txt,.tsv",
        required=False,
    )
    rows = forms.CharField(
        label=gettext_lazy("Rows"),
        help_text=gettext_lazy(
            "One order on each row, its cells separated by a semicolon, a comma or a tab. Several"
            " host names of one order are separated by spaces."
        ),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        required=False,
        strip=False,
        error_messages={"max_length": gettext_lazy("The text is too long. Shorten it.")},
    )
    q = SearchField(label=gettext_lazy("Search by name, OID or municipality"))

    def clean_file(self) -> str:
        upload = self.cleaned_data["file"]
        return sheet.decoded(upload.read()) if upload else ""

    def text(self) -> str:
        """Return the rows of the file, or else of the text field."""
        return str(self.cleaned_data.get("file") or self.cleaned_data.get("rows") or "")


class SendTogetherForm(DeclarationsForm):
    """The declarations for all orders; `version` is the `fingerprint` of the drafts shown."""

    version = forms.CharField(max_length=64, widget=forms.HiddenInput)  # type: ignore[assignment]
