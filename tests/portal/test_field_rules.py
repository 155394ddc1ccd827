"""Every field of every form says what it takes and how much; forms read the body alone."""

from collections.abc import Iterator

import pytest
from django import forms
from django.test import Client
from django.urls import get_resolver, reverse

from applications.models import Application
from applications.views.console.case.reasons import UsedField
from certportal.dev.builders import orders, people
from certportal.foundation.models import OutboxItem
from certportal.foundation.web.forms import EmailField, Form, LinesField

OURS = ("certportal", "accounts", "applications", "issuance")
TIMES = forms.DateField | forms.TimeField | forms.DateTimeField
CHOSEN = forms.ChoiceField | forms.BooleanField | TIMES | forms.FileField
# Bounded by the type of certificate, which the page's form knows when it is made:
# tests/applications/views/test_filling.py::test_a_server_certificate_is_valid_at_most_a_year.
BY_TYPE = {"ValidityForm.validity_months"}


def below(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def forms_of_ours() -> list[type]:
    assert get_resolver().url_patterns  # imports the views, and with them the forms
    return [one for one in below(forms.BaseForm) if one.__module__.split(".")[0] in OURS]


def fields() -> dict[str, forms.Field]:
    """Return every field that a form of ours declares, by form and name."""
    return {
        f"{one.__name__}.{name}": field
        for one in forms_of_ours()
        for name, field in getattr(one, "base_fields", {}).items()
    }


def test_every_form_refuses_what_is_not_seen() -> None:
    """The common form does, in tests/portal/test_forms.py."""
    assert [one for one in forms_of_ours() if not issubclass(one, Form)] == []


def test_every_mail_address_is_checked_alike() -> None:
    """By the common field, in tests/portal/test_forms.py."""
    asked = {name: field for name, field in fields().items() if isinstance(field, forms.EmailField)}
    assert len(asked) > 5
    assert [name for name, field in asked.items() if not isinstance(field, EmailField)] == []


def test_every_field_says_what_it_takes_and_how_much() -> None:
    found = fields()
    assert len(found) > 100
    unbounded = []
    for name, field in found.items():
        if isinstance(field, CHOSEN | UsedField) or name in BY_TYPE:
            continue  # of the reasons that were used only so many are read
        if isinstance(field, LinesField):
            bounded = field.max_lines <= 100
        elif isinstance(field, forms.RegexField):
            bounded = field.regex.pattern.endswith(r"{64}\Z") or bool(field.max_length)
        elif isinstance(field, forms.IntegerField):
            bounded = field.min_value is not None and field.max_value is not None
        else:
            bounded = bool(getattr(field, "max_length", None))
        if not bounded:
            unbounded.append(name)
    assert unbounded == []


@pytest.mark.parametrize("version", ["0", "-1", "9" * 30, "x", ""])
def test_a_version_that_no_row_can_have_is_a_stale_page(matti, version) -> None:
    order = orders.draft(matti)
    client = people.log_in(Client(), matti)
    place = reverse("applications:discard", args=[order.pk])
    assert client.post(place, {"version": version}).status_code == 409
    assert Application.objects.filter(pk=order.pk).exists()


def test_a_form_takes_nothing_from_the_query(matti) -> None:
    client = people.log_in(Client(), matti)
    answer = client.post(f"{reverse('applications:new')}?type=server")
    assert answer.status_code == 200
    assert not Application.objects.exists()
    answer = Client().post("/en/feedback/?about=idea&text=Kiitos+palvelusta.")
    assert answer.status_code == 200
    assert not OutboxItem.objects.filter(topic="feedback.given").exists()
