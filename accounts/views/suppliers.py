"""Views of the suppliers that may act as the organisation's technician: giving it, ending it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import access, consents
from accounts.acting_for import member_required
from accounts.forms import ConsentForm, SupplierForm
from accounts.models import Organisation
from accounts.register.identifiers import business_id as read_business_id
from accounts.services.organisations import consents as services
from certportal.foundation import clock
from certportal.foundation.errors import Refused


@member_required
def suppliers(request: HttpRequest) -> HttpResponse:
    """List the consents of the organisation, and ask for the supplier of a new one."""
    organisation, now = _administered(request), clock.now()
    form = SupplierForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("accounts:consent", form.cleaned_data["business_id"])
    given = organisation.consents_given.select_related("supplier", "given_by")
    context = {
        "organisation": organisation,
        "form": form,
        "current": given.filter(consents.in_force(now)),
        "soon": consents.soon(now),
        "former": given.exclude(consents.in_force(now)),
    }
    return render(request, "accounts/suppliers.html", context)


@member_required
def give(request: HttpRequest, business_id: str) -> HttpResponse:
    """Show the supplier and what it would be allowed, ask for the last day, give the consent."""
    organisation, code, now = _administered(request), read_business_id(business_id), clock.now()
    if code is None:
        return redirect("accounts:suppliers")
    person = access.person_of(request)
    try:
        supplier = services.find_supplier(code, organisation, person=person, now=now)
    except (services.NoSupplier, services.OwnSupplier) as refusal:
        return _refused(request, code, refusal)
    form = ConsentForm(request.POST or None, initial={"until": consents.last_day(now)})
    if request.method == "POST" and form.is_valid():
        until = form.cleaned_data["until"]
        try:
            services.give(organisation, supplier, until=until, by=person, **access.acting(request))
        except services.DayOutOfRange as refusal:
            form.add_error("until", str(refusal))
        else:
            words = _("%(supplier)s may now act as your organisation's technical contact.")
            messages.success(request, words % {"supplier": supplier})
            return redirect("accounts:suppliers")
    context = {"organisation": organisation, "form": form, "supplier": supplier, "code": code}
    return render(request, "accounts/consent.html", context)


@access.person_required
def end(request: HttpRequest, consent_id: int) -> HttpResponse:
    """Ask the customer's administrator whether to end the consent, and end it."""
    person = access.person_of(request)
    consent = consents.get_given(person, consent_id)
    if request.method == "POST":
        services.end(consent.pk, by=person, **access.acting(request))
        messages.success(request, _("The permission has been ended."))
        return redirect("accounts:suppliers")
    return render(request, "accounts/consent_end.html", {"consent": consent})


@access.person_required
def resign(request: HttpRequest, consent_id: int) -> HttpResponse:
    """Ask the supplier's administrator whether to give the consent up, and do so."""
    person = access.person_of(request)
    consent = consents.get_received(person, consent_id, now=clock.now())
    if request.method == "POST":
        services.resign(consent.pk, by=person, **access.acting(request))
        messages.success(request, _("You no longer act as the customer's technical contact."))
        return redirect("home")
    return render(request, "accounts/consent_resign.html", {"consent": consent})


def _administered(request: HttpRequest) -> Organisation:
    """Return the chosen organisation, if the person administers it; else 404, recorded."""
    organisation = access.organisation_of(request)
    access.require_administrator(access.person_of(request), organisation.pk)
    return organisation


def _refused(request: HttpRequest, code: str, refusal: Refused) -> HttpResponse:
    """Show beside the field why no consent can be given to this organisation."""
    form = SupplierForm({"business_id": code})
    form.add_error("business_id", str(refusal))
    context = {"organisation": access.organisation_of(request), "form": form, "asks_again": True}
    return render(request, "accounts/suppliers.html", context)
