"""The recorded events in the console: a list, a CSV file, and a ZIP archive with receipts."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _, pgettext_lazy

from accounts import access
from accounts.models import Organisation, Person
from accounts.services.organisations.named import organisations_named
from accounts.services.people.named import NotNamed, people_named, person_named
from applications import services
from applications.models import Application
from applications.rules.event_search import EventQuery
from applications.rules.order_search import serials
from applications.services.reviewer.recorded_events import MOST_EXPORTED, MOST_PROVEN
from applications.views.console.events.data_values import LABELS, LABELS_OF_KIND, value_words
from applications.views.console.events.named import Named, Part, named
from applications.views.shared import spreadsheet
from applications.views.shared.certificate import attachment
from applications.views.shared.forms import FilterForm
from applications.views.shared.history import names, signed, who
from certportal.foundation.event_log.receipts import SUFFIX
from certportal.foundation.event_names import OBJECTS, EventName
from certportal.foundation.mail.sending import File
from certportal.foundation.models import Event
from certportal.foundation.web.forms import DateField
from certportal.foundation.web.keyset import before_of
from certportal.foundation.web.queries import kept_query
from issuance.publication import repository

type Fact = tuple[str, list[Part]]

PER_PAGE = 50
COLUMNS: spreadsheet.Columns[Event] = [
    (_("Number"), lambda event: str(event.pk)),
    (_("Time"), lambda event: event.at.isoformat()),  # for sorting
    (_("What happened"), lambda event: event.words),
    (_("Kind"), lambda event: event.action),
    (_("Refused"), lambda event: "1" if event.refused else ""),
    (_("Who did it"), lambda event: event.actor),
    (_("What it is about"), lambda event: f"{event.object_type} {event.object_id}"),
    (_("Organisation"), lambda event: str(event.organisation_id or "")),
    (_("Data"), lambda event: json.dumps(event.data, ensure_ascii=False) if event.data else ""),
]


@access.reviewers_read
def events(request: HttpRequest) -> HttpResponseBase:
    """Show the events that match the search, newest first."""
    form, before, matching = EventSearchForm(request.GET), before_of(request), list[Event]()
    if form.is_valid():
        matching = services.look_at_events(
            form.query(), before=before, most=PER_PAGE + 1, **access.acting(request)
        )
    context = {
        "form": form,
        "rows": _rows(matching[:PER_PAGE]),
        "before": before,
        "older": matching[PER_PAGE - 1].pk if len(matching) > PER_PAGE else None,
        "most": MOST_EXPORTED,
        "most_proven": MOST_PROVEN,
        "proves": repository.log_key() is not None,
    }
    return render(request, "applications/console/events.html", context)


def data_words(kind: str, data: dict[str, Any], named: Named) -> Iterator[Fact]:
    """Yield label and values of each fact; a key without a label of its own is shown as it is."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield _label(kind, name), [Part("–")] if not value else []
            yield from data_words(kind, value, named)
        else:
            values = value if isinstance(value, list) else [value]
            yield _label(kind, name), [_part(kind, name, one, named) for one in values or [""]]


def _label(kind: str, name: str) -> str:
    return str(LABELS_OF_KIND.get((kind, name)) or LABELS.get(name, name))


def _part(kind: str, name: str, value: object, named: Named) -> Part:
    if isinstance(value, bool):
        return Part(gettext("Yes") if value else gettext("No"))
    if value is None or value == "":
        return Part("–")
    if isinstance(value, dict):
        value = ", ".join(f"{one}: {part}" for one, part in value.items())
    return named.of_data(kind, name, str(value)) or Part(value_words(kind, name, str(value)))


def _rows(events: Sequence[Event]) -> list[dict[str, object]]:
    """Return each event with its actor, what it is about, and its account."""
    known = named(events)
    people = names(known.people.values())
    suppliers = {key: account.name for key, account in known.accounts.items()}
    return [
        {
            "event": event,
            "who": signed(who(event.actor, people), event, suppliers),
            "kind": OBJECTS.get(event.object_type, event.object_type),
            "about": known.subject(event),
            "account": known.accounts.get(str(event.organisation_id)),
            "data": list(data_words(event.object_type, event.data, known)),
        }
        for event in events
    ]


@access.reviewers_read
def events_csv(request: HttpRequest) -> HttpResponseBase:
    form = EventSearchForm(request.GET)
    if not form.is_valid():
        return redirect(_back(request))
    matching = services.export_events(form.query(), **access.acting(request))
    return spreadsheet.table("events", COLUMNS, matching)


@access.reviewers_read
def events_zip(request: HttpRequest) -> HttpResponseBase:
    """Download the matching events with a receipt for each and the log's public key."""
    form = EventSearchForm(request.GET)
    if not form.is_valid():
        return redirect(_back(request))
    matching, receipts = services.prove_events(form.query(), **access.acting(request))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bundle:
        head, rows = spreadsheet.titles(COLUMNS), spreadsheet.cells(COLUMNS, matching)
        bundle.writestr("events.csv", b"".join(spreadsheet.written(head, rows)))
        bundle.writestr("event-log.vkey", f"{repository.log_key()}\n")
        for number, receipt in receipts.items():
            bundle.writestr(f"events/{number}{SUFFIX}", str(receipt))
    return attachment(File("events.zip", content.getvalue(), "application/zip"))


def _back(request: HttpRequest) -> str:
    return f"{reverse('console:events')}{kept_query(request)}"


MOST = 20
"""The most persons or organisations that a name may match."""


def kinds() -> list[tuple[str, Any]]:
    """Return the kinds of events with their labels, sorted by label."""
    choices = [pair for names in EventName.__subclasses__() for pair in names.choices]
    return [("", _("All kinds")), *sorted(choices, key=lambda pair: str(pair[1]))]


class EventSearchForm(FilterForm):
    """The search; an event must match every field."""

    person = forms.CharField(
        label=_("Person"), help_text=_("Name, email address or key"), max_length=200, required=False
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
        words = self.cleaned_data["person"].strip()
        if not words:
            return []
        try:
            return [person_named(words)]
        except NotNamed:
            return _few(list(people_named(words)[: MOST + 1]))

    def clean_organisation(self) -> list[Organisation]:
        words = self.cleaned_data["organisation"].strip()
        return _few(list(organisations_named(words)[: MOST + 1])) if words else []

    def clean_order(self) -> list[Application]:
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
