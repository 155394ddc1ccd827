"""Pages that show what the design base consists of; they exist in tests only."""

from datetime import date

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Organisation, Person
from certportal.foundation.errors import NotAllowed, Refused, Stale, TooMany, Unavailable
from certportal.foundation.web import forms as own

MATTI = Person(given_name="Matti", family_name="Meikäläinen")
PEM = "-----BEGIN CERTIFICATE REQUEST-----\n" + "MIICijCCAXICAQAwRTELMAkGA1UEBhMCRkkx\n" * 4
TYPES = [
    ("server", "Palvelinvarmenne"),
    ("test_server", "Testi-palvelinvarmenne"),
    ("signature", "Järjestelmäallekirjoitusvarmenne"),
    ("test_signature", "Testi-järjestelmäallekirjoitusvarmenne"),
]
STEPS = [
    {"title": "Lähetetty", "state": "done", "time": "3.12.2026 klo 9.15"},
    {"title": "Tarkastettu", "state": "done", "time": "3.12.2026 klo 9.16"},
    {"title": "Käsittelyssä", "state": "current", "text": "Ratkaisu viimeistään 10.12.2026."},
    {"title": "Toimitettu", "state": "ahead"},
]
STOPPED = [STEPS[0], {"title": "Hylätty", "state": "stopped", "time": "4.12.2026 klo 10.00"}]
COMPARISON = [
    {
        "label": "Organisaatio (O)",
        "cells": [
            {"value": "Esimerkkilän hyvinvointialue"},
            {"value": "Esimerkkilän hyvinvointialue", "verdict": "same"},
            {"value": "Esimerkkilän hva", "verdict": "differs"},
        ],
    },
    {
        "label": "Nimi (CN)",
        "cells": [
            {"value": "kanta.esimerkki.example"},
            {"value": ""},
            {"value": "10.0.0.1", "verdict": "clash", "note": "IP-osoite ei yksin riitä"},
        ],
    },
]
LANGUAGES = {
    "facts": [("Sarjanumero", "01:8C:5D:5B:61:EA:4A:10:31:4A"), ("Myöntäjä", "Testi-CA")],
}


class TypeForm(own.Form):
    """One question a page."""

    heading_field = "type"
    type = forms.ChoiceField(
        label="Minkä varmenteen tilaat?",
        choices=TYPES,
        widget=own.HintedRadioSelect(
            hints={"server": "Suojaa yhteyden Kanta-palveluihin."},
            flags={"test_server": "Testi", "test_signature": "Testi"},
        ),
    )


class EveryField(own.Form):
    """Each kind of field the service uses."""

    name = forms.CharField(label="Nimi", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = own.EmailField(label="Sähköposti", help_text="Lähetämme varmenteen tähän.")
    phone = forms.CharField(label="Puhelin", required=False)
    start = own.DateField(label="Alkamispäivä")
    unit = forms.ChoiceField(label="Yksikkö", choices=[("", "Valitse"), ("1", "Apteekki")])
    purpose = forms.MultipleChoiceField(
        label="Käyttötarkoitus",
        help_text="Valitse yksi tai molemmat.",
        choices=[("server", "Palvelin"), ("client", "Asiakas")],
        widget=forms.CheckboxSelectMultiple,
    )
    hosts = own.LinesField(label="Palvelimen nimet", help_text="Yksi nimi riville.")
    file = own.UploadField(label="Varmennepyyntö", max_bytes=65536, accept=".csr,.pem,.der,.p10")
    binding = forms.BooleanField(label="Tilaus on sitova", help_text="Siitä laskutetaan.")


def components(request: HttpRequest) -> HttpResponse:
    """Every component in every tone."""
    messages.success(request, "Luonnos on tallennettu.")
    messages.error(request, "Viestiä ei voitu lähettää.")
    context = {
        "steps": STEPS,
        "stopped": STOPPED,
        "rows": [["2026-000123", "Palvelinvarmenne", "10.12.2026"]],
        "head": ["Hakemus", "Tyyppi", "Määräpäivä"],
        "pem": PEM,
        "day": date(2026, 12, 24),
        "page_obj": Paginator(range(200), 10).get_page(request.GET.get("page", 7)),
    }
    return render(request, "gallery/components.html", context | LANGUAGES | {"person": MATTI})


def form(request: HttpRequest) -> HttpResponse:
    """Every field: empty, filled (a valid POST shows the page again) and in error."""
    bound = EveryField(request.POST, request.FILES) if request.method == "POST" else EveryField()
    context = {
        "form": bound,
        "person": MATTI,
        "acting_for": Organisation(name="Esimerkkilän apteekki"),
    }
    return render(request, "gallery/form.html", context)


def question(request: HttpRequest) -> HttpResponse:
    """A question page whose legend is the heading."""
    bound = TypeForm(request.POST) if request.method == "POST" else TypeForm()
    return render(request, "gallery/form.html", {"form": bound, "person": MATTI})


def console(request: HttpRequest) -> HttpResponse:
    """The reviewers' wide page."""
    columns = ["Rekisteri", "Hakemus", "CSR"]
    context = {"columns": columns, "rows": COMPARISON, "person": MATTI, "day": date(2026, 12, 10)}
    return render(request, "gallery/console.html", context)


def sent(request: HttpRequest) -> HttpResponse:
    """The confirmation."""
    return render(request, "gallery/sent.html", {"person": MATTI, "steps": STEPS})


def refuse(request: HttpRequest, kind: str) -> HttpResponse:
    """Raise what services raise."""
    errors: dict[str, Exception] = {
        "refused": Refused("Valitse ensin yksikkö."),
        "stale": Stale("Raimo otti hakemuksen käsittelyyn."),
        "forbidden": NotAllowed("Vain tilin hoitaja voi kutsua käyttäjiä."),
        "many": TooMany("Odota minuutti.", retry_after=60),
        "unavailable": Unavailable("register"),
        "fault": ValueError("bug"),
    }
    raise errors[kind]
