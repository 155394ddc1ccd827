"""The search form for recorded events."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation, Person
from accounts.services.organisations.named import organisations_named
from accounts.services.people.named import NotNamed, people_named, person_named
from applications.models import Application
from applications.rules.event_search import EventQuery
from applications.rules.order_search import serials
from applications.views.shared.forms import FilterForm
from certportal.foundation.event_names import EventName
from certportal.foundation.web.forms import DateField

MOST = 20
"""The most persons or organisations that a name may match."""


def kinds() -> list[tuple[str, Any]]:
    """Return the kinds of events with their labels, sorted by label."""
    choices = [pair for names in EventName.__subclasses__() for pair in names.choices]
    return [("", _("All kinds")), *sorted(choices, key=lambda pair: str(pair[1]))]


class EventSearchForm(FilterForm):
    """The search; an event must match every field."""

    person = forms.CharField(
        label=_("Person"),
        help_text=_("Name, email address or key"),
        max_length=200,
        required=False,
    )
    organisation = forms.CharField(
        label=_("Organisation"),
        help_text=_("Name, business ID or key"),
        max_length=200,
        required=False,
    )
    order = forms.CharField(label=pgettext_lazy("noun", "Order"), max_length=40, required=False)
    serial = forms.CharField(
        label=_("Serial number of the certificate"),
        help_text=_("Hexadecimal or decimal"),
        max_length=80,
        required=False,
    )
    kind = forms.ChoiceField(label=_("What happened"), choices=kinds, required=False)
    since = DateField(label=_("From the day"), required=False)
    until = DateField(label=_("To the day"), required=False)
    refused = forms.BooleanField(label=_("Only what was refused"), required=False)

    def clean_person(self) -> list[Person]:
        """Return the persons that match."""
        words = self.cleaned_data["person"].strip()
        if not words:
            return []
        try:
            return [person_named(words)]
        except NotNamed:
            return _few(list(people_named(words)[: MOST + 1]))

    def clean_organisation(self) -> list[Organisation]:
        """Return the organisations that match."""
        words = self.cleaned_data["organisation"].strip()
        if not words:
            return []
        return _few(list(organisations_named(words)[: MOST + 1]))

    def clean_order(self) -> list[Application]:
        """Return the order with the number."""
        number = self.cleaned_data["order"].strip()
        return _few(list(Application.objects.filter(number__iexact=number))) if number else []

    def clean_serial(self) -> list[str]:
        """Return the serial number in the forms in which it may be stored."""
        words = self.cleaned_data["serial"].strip()
        return _few(serials(words)) if words else []

    def query(self) -> EventQuery:
        """Return the query; it matches all events if a field is invalid."""
        if not self.is_valid():
            return EventQuery()
        cleaned = self.cleaned_data
        return EventQuery(
            persons=cleaned["person"],
            organisations=cleaned["organisation"],
            orders=cleaned["order"],
            serials=cleaned["serial"],
            action=cleaned["kind"],
            since=cleaned["since"],
            until=cleaned["until"],
            refused=cleaned["refused"],
        )


def _few[Row](matches: list[Row]) -> list[Row]:
    if not matches:
        raise forms.ValidationError(_("Nothing fits what you wrote."))
    if len(matches) > MOST:
        raise forms.ValidationError(_("Too many fit what you wrote. Write more of it."))
    return matches
