"""The common form: a private key in any field is refused, and never shown again."""

import base64
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django import forms
from django.http import QueryDict
from django.utils import translation

from certportal.dev.builders.orders import openssl_csr
from certportal.foundation.web import forms as own

KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"


class Chosen(own.Form):
    """A choice, whose error would quote what is none."""

    unit = forms.ChoiceField(label="Unit", choices=[("1", "Pharmacy")])


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
    assert "MHcCAQEE" not in Chosen({"unit": KEY}).as_p()
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
