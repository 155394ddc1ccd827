"""The common form: own words for empty fields, lists of lines, Finnish days, limits of uploads."""

import base64
import datetime
import re
from typing import ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.template import Context, Template
from django.utils import translation

from certportal.dev.builders.orders import openssl_csr
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


KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"


class Examined(own.Form):
    """A form whose view examines what is pasted."""

    pasted = forms.CharField(label="Request", widget=forms.Textarea)
    about = forms.CharField(label="About", widget=forms.Textarea, required=False)
    kind = forms.CharField(label="Kind")

    def is_examined(self, name: str) -> bool:
        return name == "pasted"


@pytest.mark.parametrize("shape", ["{}", "See: {}", "{}\0"])
@pytest.mark.parametrize("name", ["about", "kind", "pasted"])
def test_a_private_key_is_refused_in_any_field_and_not_shown_again(name: str, shape: str) -> None:
    given = {"pasted": "A request", "about": "", "kind": "" if name == "pasted" else "One"}
    form = Examined(given | {name: shape.format(KEY)})
    with translation.override("en"):
        assert "This is a private key" in " ".join(map(str, form.errors[name]))
    assert "MHcCAQEE" not in form.as_p()
    assert "MHcCAQEE" not in Order({"unit": KEY}).as_p()  # the error of a choice quotes it else
    rest = "See:" if "See" in shape else ""
    assert form.data[name] == rest
    assert form.data["pasted"] == (rest if name == "pasted" else "A request")


@pytest.mark.parametrize(
    "key",
    [
        "PuTTY-User-Key-File-3: ssh-ed25519",
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        "MHcCAQEE\n-----END EC PRIVATE KEY-----",
        "\u2014BEGIN PRIVATE-KEY\u2014",
        "-----BEGIN RSA PRIVATE\n  KEY-----",
        "-----BEGIN PRIVATE&nbsp;KEY-----",
        "=2D=2D=2D=2D=2DBEGIN=20PRIVATE=20KEY=2D=2D=2D=2D=2D",
        "%2D%2D%2D%2D%2DBEGIN%20EC%20PRIVATE%20KEY%2D%2D%2D%2D%2D",
        '{"kty": "EC", "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}',
    ],
)
def test_a_private_key_is_known_in_each_form_that_programs_write(key: str) -> None:
    assert not Examined({"pasted": "A request", "about": key, "kind": "One"}).is_valid()
    posted = QueryDict(mutable=True)
    posted["about"] = key
    assert own.shown_again(posted)["about"] == ""


def test_a_private_key_is_left_to_the_view_that_examines_and_blocks_it() -> None:
    form = Examined({"pasted": KEY, "kind": "One"})
    assert form.is_valid()
    assert form.cleaned_data["pasted"] == KEY


def test_what_is_shown_again_leaves_out_private_keys() -> None:
    posted = QueryDict(mutable=True)
    posted.setlist("reason", [KEY, "Perusteltu syy."])
    posted["other"] = f"Tässä:\n{KEY}\nMuu teksti säilyy."
    posted["version"] = "7"
    shown = own.shown_again(posted)
    assert dict(shown.lists()) == {
        "reason": ["", "Perusteltu syy."],
        "other": ["Tässä:\n\nMuu teksti säilyy."],
        "version": ["7"],
    }


BEGIN, *LINES, END = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
    .splitlines()
)
BODY = "\n".join(LINES)


@pytest.mark.parametrize(
    "given",
    [
        f"{BEGIN}\n{END}\n{BODY}",
        f"{BEGIN}\n# do not send PRIVATE keys\n{BODY}",
        f"{BODY}\n{BEGIN}\n{BODY}\n{END}",
        f"{BEGIN}\n{BODY}\n{END}\n" + f"{BEGIN}\n{BODY}\n{END}".replace("PRI", "PRI\u200b"),
        f"{BEGIN}\n{END}\n" + BODY.replace("\n", "").replace(BODY[8:24], f"{BODY[8:24]} "),
        f"{BEGIN}\n{END}\n" + "\n".join(re.findall(".{1,20}", BODY.replace("\n", ""))),
    ],
    ids=["below", "in a sentence", "above", "unseen characters", "in one line", "in short lines"],
)
def test_no_line_of_a_key_is_shown_wherever_its_begin_and_end_stand(given: str) -> None:
    form = Examined({"pasted": "A request", "about": given, "kind": "One"})
    assert form.errors["about"]
    assert form.data["about"] == ""


def test_a_key_is_known_without_its_label_and_in_base64_once_more() -> None:
    """As where only the lines between BEGIN and END were copied, or in a Kubernetes secret."""
    shapes = [PrivateFormat.PKCS8, PrivateFormat.OpenSSH, PrivateFormat.TraditionalOpenSSL]
    made = [ec.generate_private_key(curve) for curve in (ec.SECP256R1(), ec.SECP384R1())]
    for key in (*made, rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()):
        for shape in shapes[:2] if isinstance(key, ed25519.Ed25519PrivateKey) else shapes:
            pem = key.private_bytes(Encoding.PEM, shape, NoEncryption())
            bare = b"".join(pem.splitlines()[1:-1]).decode()
            for given in (bare, *(base64.b64encode(b" " * n + pem).decode() for n in range(3))):
                form = Examined({"pasted": "A request", "about": f"Avain: {given}", "kind": "One"})
                assert form.errors["about"], given[:40]
                assert form.data["about"] == ""
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        given = base64.b64encode(public).decode()
        assert Examined({"pasted": "A request", "about": given, "kind": "One"}).is_valid()


@pytest.mark.parametrize("unseen", "\u200b\ufeff\xad\u2060\u200d\u3164\ufe0f\u034f\U000e0041")
def test_a_key_is_known_although_characters_that_nobody_sees_stand_in_its_label(
    unseen: str,
) -> None:
    for label in (f"PRI{unseen}VATE KEY", f"{unseen}PRIVATE\u00a0KEY", f"EC PRIVATE{unseen} KEY"):
        given = f"-----BEGIN {label}-----\n{BODY}\n-----END {label}-----"
        form = Examined({"pasted": "A request", "about": given, "kind": "One"})
        assert form.errors["about"], label
        assert form.data["about"] == "", label


def test_a_request_beside_a_key_is_shown_again() -> None:
    request = openssl_csr().decode().strip()
    given = f"{request}\n{BEGIN}\n{BODY}\n{END}"
    form = Examined({"pasted": "A request", "about": given, "kind": "One"})
    assert form.errors["about"]
    assert form.data["about"].strip() == request


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


@pytest.mark.parametrize("typed", ["a@localhost", "a@127.0.0.1", "a@127.0.0.10", "a", "@a.fi"])
def test_no_mail_address_is_told_by_an_example(typed: str) -> None:
    """Also the machine's own name."""
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


def test_letters_of_any_language_and_spaces_around_are_no_such_characters() -> None:
    """What people type, or paste with the end of its line, is taken."""
    given = dict.fromkeys(["line", "lines", "later"], " Åsa Öhman-Škvor\u00a0日本\r\n")
    form = Lines(given | {"mail": " asa@example.fi\n"})
    assert form.is_valid()
    assert form.cleaned_data["line"] == "Åsa Öhman-Škvor\u00a0日本"
