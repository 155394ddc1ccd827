"""Choose the organisational unit from the register; spell its names for the certificate."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _, gettext_lazy

from accounts.models import Organisation
from accounts.register.lookup import queries
from accounts.register.lookup.search import search_units
from accounts.register.models import Kind, RegisterRecord
from applications import services
from applications.models import Application
from applications.rules import intermediaries, sections, unit_ownership
from applications.rules.certificate_names import LONGEST, CertificateName, Names, fits, names
from applications.views.order import next_step
from applications.views.shared.entry import as_seen, order_view
from applications.views.shared.forms import PartForm, VersionForm
from applications.views.shared.page import order_url, show
from certportal.foundation import clock
from certportal.foundation.web.forms import HintedRadioSelect, counted
from certportal.foundation.web.queries import kept_query
from certportal.foundation.web.search_form import SearchForm
from issuance.certificate.names import foreign_characters

SHOWN = 20
"""The most units that are listed; others are found by searching."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The units of an organisation that can be chosen, and those that cannot (`ended`)."""

    standing: list[RegisterRecord]
    shown: list[RegisterRecord]
    ended: list[RegisterRecord] = field(default_factory=list)
    searched: bool = False
    cut: bool = False
    """Whether more valid units match the search than are shown."""
    more_ended: bool = False
    """Whether there are more units that cannot be chosen than are shown."""


def offer(organisation: Organisation, query: str, on: date) -> Offer:
    """Return the units that match the search, or the first ones without a search."""
    code = organisation.business_id
    if not code:
        return Offer([], [])
    # The provider must be valid in the register too: certificates name it.
    units = queries.find_units(code, on=on)
    fallen = queries.fallen({unit.provider_oid for unit in units}, Kind.SOTE_UNIT, on)
    standing = [unit for unit in units if unit.provider_oid not in fallen]
    intermediary = queries.find_intermediary(code, on)
    if intermediary is not None and intermediary.is_standing(on):
        standing.append(intermediary)
    valid = set(standing)
    if query:
        found = search_units(query, business_id=code, on=on, limit=SHOWN + 1)
        fitting = [unit for unit in found if unit in valid]
        ended = [unit for unit in found if unit not in fitting]
        return Offer(standing, fitting[:SHOWN], ended, True, len(fitting) > SHOWN)
    ended = [unit for unit in queries.all_units(code, on=on) if unit not in valid]
    more_ended = len(ended) > SHOWN
    return Offer(standing, standing[:SHOWN], ended[:SHOWN], more_ended=more_ended)


def choose(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the unit; if none is valid in the register, explain what to do."""
    sections.require_editable(application, "unit", now=clock.now())
    code = application.organisation.business_id
    within = f"{reverse('register_options')}?{urlencode({'within': code})}" if code else ""
    label = _("Search by name, OID or municipality")
    search = SearchForm(request.GET, label=label, options=within)
    query = search.words
    today = clock.day(clock.now())
    if application.organisation.kind == Organisation.Kind.INTERMEDIARY:
        return _intermediary(request, application, today)
    offered = offer(application.organisation, query, today)
    if not offered.standing:
        return none_standing(request, application)
    posted = request.POST.get("record", "")
    if fault := _fault(application.organisation, posted, today):
        return none_standing(request, application, fault)
    records = _with_posted(offered, posted)
    form = UnitForm(
        application, request.POST or None, today=today, records=records, found=offered.searched
    )
    if request.method == "POST" and form.is_valid():
        services.save_section(application.pk, "unit", form.values(), **as_seen(request))
        return redirect(f"{next_step.names_url(application)}{kept_query(request)}")
    context: dict[str, Any] = {
        "search": search,
        "query": query,
        "found": offered,
        "many": len(offered.standing) > SHOWN,
    }
    return show(request, application, "unit", form=form, **context)


def _intermediary(request: HttpRequest, application: Application, on: date) -> HttpResponse:
    """Show the intermediary's own record and save it: there is no unit to choose.

    The draft may have been created without a record, or with one that has been replaced.
    """
    record = intermediaries.record_of(application.organisation, on)
    if record is None:
        return none_standing(request, application)
    if request.method == "POST":
        values = {"record_kind": Kind.INTERMEDIARY, "record_oid": record.oid}
        services.save_section(application.pk, "unit", values, **as_seen(request))
        return redirect(next_step.names_url(application))
    form = VersionForm(initial={"version": application.version})
    return show(request, application, "intermediary", form=form, record=record)


def _fault(organisation: Organisation, posted: str, on: date) -> str:
    """Return why the posted unit may not be ordered for, or "".

    Since the page was opened, the unit may have ended or passed to another organisation.
    """
    kind, _colon, oid = posted.partition(":")
    if kind not in Kind.values or "\0" in oid:
        return ""
    return unit_ownership.fault(organisation, queries.standing(oid, kind, on), on)


def _with_posted(offered: Offer, posted: str) -> list[RegisterRecord]:
    """Return the shown units, and the posted one if the list has changed meanwhile."""
    hidden = (record for record in offered.standing if record not in offered.shown)
    return [*offered.shown, *(record for record in hidden if key_of(record) == posted)]


def none_standing(
    request: HttpRequest, application: Application | None, reason: str = ""
) -> HttpResponse:
    """Explain why nothing can be ordered and how to correct the register.

    `application` is None while there is no draft yet.
    """
    context = {"application": application, "reason": reason}
    return render(request, "applications/not_standing.html", context)


@order_view
def spelling(request: HttpRequest, application: Application) -> HttpResponse:
    """Show how the names are written in the certificate; ask for spellings where needed."""
    order_names = names(application, now=clock.now())
    if order_names is None or "unit" not in sections.editable(application, now=clock.now()):
        return redirect(order_url(application))
    carries_unit = application.kind.carries_unit
    initial = {"version": application.version}
    form = SpellingForm(order_names, carries_unit, request.POST or None, initial=initial)
    if request.method == "POST" and not form.asks:
        return redirect(next_step.after(request, application, "unit"))
    if request.method == "POST" and form.is_valid():
        saved = services.save_section(application.pk, "unit", form.values(), **as_seen(request))
        return redirect(next_step.after(request, saved, "unit"))
    return show(
        request,
        application,
        "names",
        form=form,
        names=order_names,
        carries_unit=carries_unit,
        title=sections.BY_ID["unit"].title,
    )


def key_of(record: RegisterRecord) -> str:
    return f"{record.kind}:{record.oid}"


class UnitForm(PartForm):
    """The choice of one of the units valid in the register."""

    record = forms.ChoiceField(
        label=gettext_lazy("For which unit is the certificate?"),
        widget=HintedRadioSelect,
        error_messages={
            "required": gettext_lazy("Choose the unit."),
            "invalid_choice": gettext_lazy("Choose one of the units in the list."),
        },
    )

    def __init__(
        self, *args: Any, records: Iterable[RegisterRecord], found: bool = False, **kwargs: Any
    ) -> None:
        """Offer the records. `found`: they are search results, and a single one is preselected."""
        offered = list(records)
        self.only = key_of(offered[0]) if found and len(offered) == 1 else ""
        super().__init__(*args, **kwargs)
        self.offer("record", ((key_of(record), record.long_name) for record in offered))
        cast(HintedRadioSelect, self.fields["record"].widget).hints = {
            key_of(record): ", ".join(part for part in (record.oid, record.municipality) if part)
            for record in offered
        }

    def saved(self) -> dict[str, Any]:
        """Return the preselected record, or the one chosen before."""
        application = self.application
        chosen = f"{application.record_kind}:{application.record_oid}"
        return {"record": self.only or chosen}

    def values(self) -> dict[str, Any]:
        """Return kind and OID; another unit needs its own spellings."""
        kind, _colon, oid = self.cleaned_data["record"].partition(":")
        chosen = {"record_kind": kind, "record_oid": oid}
        if oid == self.application.record_oid:
            return chosen
        return chosen | {"organisation_spelling": "", "unit_spelling": ""}


class SpellingForm(VersionForm):
    """Spellings for names with characters that certificates cannot carry."""

    def __init__(self, names: Names, carries_unit: bool, *args: Any, **kwargs: Any) -> None:
        """Ask only for names that have such characters."""
        super().__init__(*args, **kwargs)
        if asks(names.organisation):
            self.fields["organisation_spelling"] = _field(names.organisation)
        if names.unit is not None and asks(names.unit) and carries_unit:
            self.fields["unit_spelling"] = _field(names.unit)

    @property
    def asks(self) -> bool:
        """Whether there is anything to write."""
        return len(self.fields) > 1


def asks(name: CertificateName) -> bool:
    """Return whether a person must give a spelling of the name, or has given one."""
    return bool(name.foreign) and name.origin in {"open", "spelling"}


def _field(name: CertificateName) -> forms.CharField:
    field = forms.CharField(
        label=_("How is the name “%(name)s” written?") % {"name": name.full},
        help_text=_("Write the name without these characters: %(characters)s")
        % {"characters": " ".join(name.foreign)},
        max_length=LONGEST,
        initial=name.value,
        validators=[_check_spelling],
        error_messages={"max_length": _("Shorten the name to at most %(limit_value)s characters.")},
    )
    return counted(field, most=LONGEST)


def _check_spelling(value: str) -> None:
    if foreign := foreign_characters(value):
        words = _("Write the name without these characters: %(characters)s")
        raise ValidationError(words % {"characters": " ".join(foreign)})
    if not fits(value):
        raise ValidationError(_("Begin the name with a letter or a digit, without extra spaces."))
