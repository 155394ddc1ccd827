"""The common form: own words for empty fields, lists of lines, Finnish days, limits of uploads."""

import datetime
import re
from typing import ClassVar

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.utils import translation

from accounts.forms import LanguageField
from certportal.foundation.web import forms as own


class Order(own.Form):
    """One of each kind."""

    name = forms.CharField(label="Name")
    unit = forms.ChoiceField(label="Unit", choices=[("1", "Pharmacy")])
    binding = forms.BooleanField(label="Binding")
    note = forms.CharField(label="Note", required=False)
    reason = forms.CharField(label="Reason", error_messages={"required": "Say why."})


def errors(data: dict[str, str]) -> dict[str, list[str]]:
    with translation.override("en"):
        return {name: [str(one) for one in said] for name, said in Order(data).errors.items()}


def test_empty_fields_say_what_to_do_and_name_themselves() -> None:
    """No two lines of the error summary read alike."""
    assert errors({}) == {
        "name": ["Fill in this field: Name"],
        "unit": ["Choose an option: Unit"],
        "binding": ["Tick the box: Binding"],
        "reason": ["Say why."],
    }


def test_an_option_that_is_none_is_refused_in_the_same_words() -> None:
    """As in an old address of a list; Django's sentence would repeat it."""
    given = {"name": "Tiina", "unit": "7", "binding": "on", "reason": "So."}
    assert errors(given) == {"unit": ["Choose an option: Unit"]}


def test_spaces_do_not_fill_a_field() -> None:
    """Stray spaces are ignored."""
    assert "name" in errors({"name": "   ", "unit": "1", "binding": "on", "reason": "x"})


def test_a_day_is_asked_with_an_example_of_its_form() -> None:
    """Beside whatever else the hint says."""
    with translation.override("en"):
        assert str(own.DateField().help_text) == "For example 31.12.2026."
        said = own.DateField(help_text="As in the document.").help_text
        assert str(said) == "As in the document. For example 31.12.2026."


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a.example.fi", ["a.example.fi"]),
        (" a.fi \r\n\r\nb.fi\n a.fi", ["a.fi", "b.fi"]),
    ],
)
def test_lines_become_a_list(typed: str, expected: list[str]) -> None:
    """Blanks and repeats go, the order stays."""
    assert own.LinesField().clean(typed) == expected


def test_too_many_lines_are_refused_with_the_limit() -> None:
    """The limit is told in the right number."""
    with pytest.raises(forms.ValidationError) as caught:
        own.LinesField(max_lines=1).clean("a\nb")
    with translation.override("en"):
        assert caught.value.messages == ["Enter at most 1 line."]


def test_stored_list_is_shown_as_lines() -> None:
    """What was saved can be edited again."""
    assert own.LinesField().prepare_value(["a", "b"]) == "a\nb"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("typed", ["1.2.2027", "01.02.2027", "2027-02-01"])
def test_day_is_read_the_finnish_way_in_every_language(language: str, typed: str) -> None:
    """1.2. is the first of February for everybody in Finland."""
    with translation.override(language):
        assert own.DateField().clean(typed) == datetime.date(2027, 2, 1)


def test_american_day_is_not_guessed() -> None:
    """Nobody gets a certificate that starts on another day than they meant."""
    with pytest.raises(forms.ValidationError):
        own.DateField().clean("2/1/2027")


@pytest.mark.parametrize("typed", ["1899-12-31", "0001-01-01", "3000-01-01", "31.12.9999"])
def test_day_of_a_year_that_nobody_means_is_refused_in_words(typed: str) -> None:
    """What follows from a day needs days before and after it."""
    with translation.override("en"), pytest.raises(forms.ValidationError, match="Check the year"):
        own.DateField(required=False).clean(typed)


def test_day_may_be_left_out_where_it_is_optional() -> None:
    """No day has no year."""
    assert own.DateField(required=False).clean("") is None


def test_day_is_shown_without_leading_zeros() -> None:
    """The form shows days as the pages do."""
    field = own.DateField()
    assert field.widget.format_value(datetime.date(2027, 2, 1)) == "1.2.2027"


@pytest.mark.parametrize(("size", "words"), [(0, "empty"), (1025, "at most 1 kB")])
def test_file_of_a_wrong_size_is_refused_in_words(size: int, words: str) -> None:
    """Empty and too big are different faults."""
    field = own.UploadField(max_bytes=1024)
    with translation.override("en"), pytest.raises(forms.ValidationError, match=words):
        field.clean(SimpleUploadedFile("a.csr", b"x" * size))


def test_file_at_the_limit_is_taken() -> None:
    """The limit itself is allowed."""
    upload = SimpleUploadedFile("a.csr", b"x" * 1024)
    assert own.UploadField(max_bytes=1024).clean(upload) is upload


def test_long_email_address_is_refused() -> None:
    """SMTP carries 254 characters."""
    with pytest.raises(forms.ValidationError):
        own.EmailField().clean("a" * 250 + "@x.fi")


UNSEEN = ["\u200b", "\u200d\ufeff \u2060", "\u3164", "\u2800\u034f", "\U00013441", "\U0001d159"]


@pytest.mark.parametrize("typed", UNSEEN)
def test_a_text_of_which_nothing_is_seen_is_empty(typed: str) -> None:
    """A contact whose name nobody can read is none; a letter beside makes it a text."""
    given = {"name": typed, "unit": "1", "binding": "on", "note": typed, "reason": typed}
    assert errors(given) == {"name": ["Fill in this field: Name"], "reason": ["Say why."]}
    form = Order(given | {"name": f"Matti{typed}", "reason": "x"})
    assert form.is_valid()
    assert form.cleaned_data["note"] == ""
    assert own.LinesField().clean(f"a.fi\n{typed}\n") == ["a.fi"]


class Question(own.Form):
    """One question a page."""

    heading_field = "kind"
    kind = forms.ChoiceField(
        label="Which kind?",
        choices=[("a", "A"), ("b", "B")],
        widget=own.HintedRadioSelect(hints={"a": "The usual one."}, flags={"b": "Test"}),
    )


def test_hint_and_flag_stand_by_their_option() -> None:
    """The hint is tied to its control; the question is the page's heading."""
    drawn = str(Question())
    assert re.search(r"<h1>\s*Which kind\?", drawn)
    assert 'aria-describedby="id_kind_0_hint"' in drawn
    assert 'id="id_kind_0_hint">The usual one.</span>' in drawn
    assert '<span class="tag tag--test">Test</span>' in drawn
    assert "id_kind_1_hint" not in drawn


def test_optional_is_marked_not_mandatory() -> None:
    """No asterisks. What only a certain choice asks for is not called optional under it."""

    class Begins(Order):
        """The day is needed if it is chosen."""

        only_if: ClassVar = {"day": ("unit", "1")}
        day = forms.CharField(label="Day", required=False)

    for form in (Order(), Begins()):
        with translation.override("en"):
            drawn = str(form)
        assert drawn.count("(optional)") == 1
        assert " required" not in drawn


def test_summary_links_each_error_and_lists_several_forms() -> None:
    """A page of two forms has one summary; a missing form is no error."""
    template = Template("{% load portal %}{% error_summary first second nothing %}")
    context = Context({"first": Question({}), "second": Order({}), "nothing": None})
    drawn = template.render(context)
    assert 'href="#id_kind_0"' in drawn
    assert 'href="#id_name"' in drawn


def test_summary_names_the_fields_that_have_the_same_error() -> None:
    """Two links of the same words led to two fields, and nobody heard which was which."""

    class Contacts(own.Form):
        email = own.EmailField(label="Email of the contact")
        deputy_email = own.EmailField(label="Email of the deputy")
        name = forms.CharField(label="Name")

    template = Template("{% load portal %}{% error_summary form %}")
    with translation.override("en"):
        drawn = template.render(Context({"form": Contacts({"email": "x", "deputy_email": "x"})}))
    links = re.findall(r"<a href=.#id_(\w+).>([^<]+)</a>", drawn)
    assert [(field, text.partition(":")[0]) for field, text in links[:2]] == [
        ("email", "Email of the contact"),
        ("deputy_email", "Email of the deputy"),
    ]
    assert not links[2][1].startswith("Name:")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fi", "verkkotunnus eikä IP-osoite"),
        ("sv", "domännamn"),
        ("en", "instead of an IP address"),
    ],
)
def test_an_address_without_a_domain_name_is_refused_in_words(language: str, told: str) -> None:
    """Its mail would reach a machine, the mail server's own even, and no mailbox."""
    for literal in ("a@[127.0.0.1]", "a@[::1]", "a@[IPv6:::1]", "a@[x"):
        with pytest.raises(forms.ValidationError) as caught:
            own.EmailField().clean(literal)
        with translation.override(language):
            (said,) = caught.value.messages
        assert told in said


@pytest.mark.parametrize(
    "typed",
    [
        "matti@kl\u0131nikka.fi",
        "matt\u0131@klinikka.fi",
        "matti@\u0130nkoo.fi",
        "matti@\u017foste.fi",
        "matti@\u212aanta.fi",
    ],
)
def test_no_mail_address_is_another_one_in_capitals(typed: str) -> None:
    """The database finds a person by an address in any case, and must not find another person."""
    with pytest.raises(forms.ValidationError):
        own.EmailField().clean(typed)


@pytest.mark.parametrize("domain", ["straße.de", "STRAẞE.de", "νόμος.gr", "کتاب\u200cها.ir"])
def test_no_mail_goes_to_another_domain_than_the_one_typed(domain: str) -> None:
    """A browser reaches xn--strae-oqa.de under the first, and a mail reached strasse.de."""
    with pytest.raises(forms.ValidationError):
        own.EmailField().clean(f"matti@{domain}")


def test_a_domain_may_have_other_letters_than_those_of_ascii() -> None:
    for address in ("matti@äkkö.fi", "matti@ŋuolla.se", "matti@xn--klnikka-r6a.fi"):
        assert own.EmailField().clean(address) == address


@pytest.mark.parametrize(
    "typed",
    ["a@localhost", "a@127.0.0.1", "a@127.0.0.10", "a", "@a.fi", "=?utf-8?q?A=0D=0ABcc?=@a.fi"],
)
def test_no_mail_address_is_told_by_an_example(typed: str) -> None:
    """Also the machine's own name, and an encoded word, which no mail can have there."""
    with translation.override("en"), pytest.raises(forms.ValidationError, match="in the form"):
        own.EmailField().clean(typed)


def test_brackets_in_the_local_part_are_no_ip_address() -> None:
    """The last @ parts an address."""
    assert own.EmailField().clean('"a@[1]"@example.fi') == '"a@[1]"@example.fi'


class Lines(own.Form):
    """A line, several, an address, and a line that is added later."""

    line = forms.CharField()
    lines = forms.CharField(widget=forms.Textarea)
    mail = own.EmailField()

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["later"] = forms.CharField()


@pytest.mark.parametrize(
    "break_",
    [
        "\r\n",
        "\n",
        "\r",
        "\t",
        "\x01",
        "\x0b",
        "\x1b",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\u202e",
    ],
)
def test_a_single_line_takes_no_break_and_no_other_invisible_character(break_) -> None:
    """Whoever posts it by hand could write a line of their own into a mail, a log or a name."""
    odd = f"Matti{break_}Bcc: kaikki"
    given = {"line": odd, "later": odd, "lines": odd, "mail": f'"a{break_}b"@example.fi'}
    form = Lines(given)
    assert form.errors.keys() == {"line", "later", "mail"}
    assert form.errors["line"].as_data()[0].code == "unprinted"
    with translation.override("fi"):
        assert "Poista tekstistä rivinvaihdot" in form.errors["line"][0]


def test_a_text_of_lines_is_taken_without_what_changes_how_they_are_shown() -> None:
    """A mail to a reviewer would read otherwise than what was typed; a word processor pastes it."""
    given = dict.fromkeys(["line", "later"], "a") | {"mail": "asa@example.fi"}
    odd = "Ensim\u202emäinen\u2066\u200f\x1b\x0btoinen\u2028kolmas\r\n\tneljäs\x85viides"
    form = Lines(given | {"lines": odd})
    assert form.is_valid()
    assert form.cleaned_data["lines"] == "Ensimmäinen\ntoinen\nkolmas\n\tneljäs\nviides"


def test_letters_of_any_language_and_spaces_around_are_no_such_characters() -> None:
    """What people type, or paste with the end of its line, is taken."""
    given = dict.fromkeys(["line", "lines", "later"], " Åsa Öhman-Škvor\u00a0日本\r\n")
    form = Lines(given | {"mail": " asa@example.fi\n"})
    assert form.is_valid()
    assert form.cleaned_data["line"] == "Åsa Öhman-Škvor\u00a0日本"


def test_languages_to_choose_from_are_said_in_their_own_language() -> None:
    """WCAG 3.1.2, language of parts."""
    with translation.override("fi"):
        shown = LanguageField().get_bound_field(own.Form(), "language").as_field_group()
    assert re.findall(r'<label\s[^>]*lang="(..)"[^>]*>\s*(\w+)', shown) == [
        ("fi", "Suomi"),
        ("sv", "Svenska"),
        ("en", "English"),
    ]
