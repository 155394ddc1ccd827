"""Typed text: counted as the browser counts it, and refused in the words of the service."""

import pytest
from django import forms
from django.urls import get_resolver
from django.utils import translation

from certportal.foundation.web import forms as own


class Late(own.Form):
    """A form that adds its fields when it is made, as one with a field for each language does."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"] = own.LongTextField(label="Text", max_length=20)
        self.fields["line"] = forms.CharField(label="Line", max_length=10)


def test_a_line_break_counts_as_one_character_as_in_the_browser() -> None:
    """`maxlength` lets twenty characters be typed, of which the browser sends breaks as two."""
    form = Late({"text": "Ensin.\r\n\r\nSitten muu.", "line": "Rivi"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["text"] == "Ensin.\n\nSitten muu."
    assert form["text"].value() == "Ensin.\n\nSitten muu."


@pytest.mark.parametrize(
    ("language", "shorten", "remove"),
    [
        ("fi", "Lyhennä teksti enintään 20 merkkiin.", "Poista tekstistä näkymättömät merkit"),
        ("sv", "Förkorta texten till högst 20 tecken.", "Ta bort de osynliga tecknen"),
        ("en", "Shorten the text to at most 20 characters.", "Remove the invisible characters"),
    ],
)
def test_no_error_of_a_text_is_in_djangos_words(language: str, shorten: str, remove: str) -> None:
    """Nor of a field that a form adds to those it begins with."""
    with translation.override(language):
        said = Late({"text": "x" * 21, "line": "a\0b"}).errors
        assert [str(one) for one in said["text"]] == [shorten]
        assert str(said["line"][0]).startswith(remove)
        missing = str(Late({"text": "x"}).errors["line"][0])
        assert missing.endswith(": Line")


NEVER = {"invalid_list", "contradiction"}
"""Errors that no browser's form can bring about."""


def djangos():
    """Yield the errors of Django's fields; not of a file's name, whose number is not known yet."""
    for kind in vars(forms).values():
        if isinstance(kind, type) and issubclass(kind, forms.Field):
            for code, said in kind.default_error_messages.items():
                if code != "max_length":
                    yield str(said)


def all_forms(kind):
    for one in kind.__subclasses__():
        yield one
        yield from all_forms(one)


def test_no_visible_field_of_any_form_has_an_error_in_djangos_words() -> None:
    assert get_resolver().url_patterns  # imports the views with their forms
    found = {form for form in all_forms(own.Form) if not form.__module__.startswith("tests.")}
    assert len(found) > 60
    told, theirs = [], set(djangos())
    for form in found:
        made = type("Made", (own.Form,), dict(form.base_fields))({})
        assert made.errors is not None
        told += [
            (form.__name__, name, code)
            for name, field in made.fields.items()
            for code, said in field.error_messages.items()
            if not field.widget.is_hidden and code not in NEVER | {"max_length"}
            if str(said) in theirs
        ]
    assert told == []
