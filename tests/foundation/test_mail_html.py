"""The HTML part of mails: the words of the text, laid out, and nothing anybody could slip in."""

import pytest
from django.utils import translation
from lxml import html as lxml_html

from certportal.foundation.mail import html
from certportal.foundation.mail.html import plain, quoted
from tests.foundation.mail_rules import faults

BASE = "https://varmenteet.example"
TEXT = f"""Varmenne on myönnetty. Katso asia:
{BASE}/fi/orders/1/

Tilaus: SV-2026-00001
Organisaatio: Kuusi & Kaski Oy: apteekki

* Avain
  Tätä avainta ei voi käyttää.

* Nimi

--{" "}
Tilauspalvelu
{BASE}
Kysyttävää? {BASE}/fi/contact/.
"""


@pytest.fixture(autouse=True)
def service(settings):
    settings.PORTAL_BASE_URL = BASE


def parsed(text):
    page = html.page("Aihe", text, "fi")
    assert list(faults(page, "Aihe", text, "fi")) == []
    return lxml_html.document_fromstring(page)


def links(text):
    return [(link.get("href"), link.text_content()) for link in parsed(text).iter("a")]


def test_the_text_is_laid_out():
    page = parsed(TEXT)
    rows = [[cell.text_content() for cell in row] for row in page.iterfind(".//th/..")]
    assert rows == [
        ["Tilaus", "SV-2026-00001"],
        ["Organisaatio", "Kuusi & Kaski Oy: apteekki"],
    ]
    items = [item.text_content() for item in page.iter("li")]
    assert items == ["AvainTätä avainta ei voi käyttää.", "Nimi"]
    assert "Varmenne on myönnetty." in [each.text_content().strip() for each in page.iter("p")]


QUOTE = f"Viite puuttuu.\n* Kohta\n  jatkuu\nNimi: arvo\n\nKatso:\n{BASE}/fi/\n-- \nLoppu"


def test_words_in_another_language_are_marked_so_and_only_they():
    with translation.override("sv"):
        marked = quoted(QUOTE, "fi")
        assert quoted(QUOTE, "sv") == QUOTE
    assert plain(marked) == QUOTE
    text = f"Skäl:\n{marked}\n\n* Egen punkt\n"
    made = html.page("Aihe", text, "sv")
    assert list(faults(made, "Aihe", plain(text), "sv")) == []
    page = lxml_html.document_fromstring(made)
    found = [
        (each.get("lang"), each.text_content().split()) for each in page.iter("p", "ul", "table")
    ]
    assert [words for lang, words in found if lang == "fi"] == [
        *[["Viite", "puuttuu."], ["Kohtajatkuu"], ["Nimi", "arvo"], ["Katso"]],
        ["--", "Loppu"],
    ]
    assert ["Egen", "punkt"] in [words for lang, words in found if lang is None]


def test_a_mark_that_somebody_wrote_marks_nothing():
    with translation.override("sv"):
        assert quoted("A\x0een\x0fB", "sv") == "AB"


def test_the_sentence_before_an_address_leads_there():
    assert links(TEXT) == [
        (f"{BASE}/fi/orders/1/", "Katso asia"),
        (BASE, BASE),
        (f"{BASE}/fi/contact/", f"{BASE}/fi/contact/"),
    ]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://paha.example/fi/",
        "http://varmenteet.example/fi/",
        f"{BASE}.paha.example/",
        f"{BASE}@paha.example/",
        f"{BASE}:8443/fi/",
        f'{BASE}/"onclick="alert(1)',
        "javascript:alert(1)",
        "www.paha.example",
    ],
)
def test_what_is_no_address_of_the_service_is_no_link(elsewhere):
    assert links(f"Perustelut:\n{elsewhere}\n") == []
    assert links(f"Katso {elsewhere} heti.\n") == []


@pytest.mark.parametrize(
    "slipped",
    [
        "<script>alert(1)</script>",
        "<img src=https://paha.example/1.png>",
        "Nimi: <b>Oy</b> & Kumpp.",
        "* <style>p {{ display: none }}</style>",
        "{% url 'x' %} {{ base }}",
        "</td></table></body>",
        "A\x00B\x1bC\x85D\ufffe",
    ],
)
def test_what_somebody_wrote_stays_text(slipped):
    page = html.page("Aihe", f"{slipped}\n", "fi")
    assert list(faults(page, "Aihe", html.FORBIDDEN.sub("", slipped), "fi")) == []


def test_a_foot_that_somebody_wrote_is_not_ours():
    page = parsed(f"Perustelut:\n--{' '}\nKatso {BASE}/fi/\n\n{TEXT}")
    *_above, foot = page.iterfind(".//table[@role]//td")
    assert "Kysyttävää?" in foot.text_content()
    assert "Katso" not in foot.text_content()


@pytest.mark.parametrize(
    "sentence",
    [
        "Sinun ei tarvitse tehdä mitään: saat meiltä viestin, kun varmenne on valmis.",
        "Den här nyckeln kan inte användas: dess privata del är allmänt känd.",
        "Lupa on päättynyt: Kuusi Oy ei enää toimi asiakkaan teknisenä yhteyshenkilönä.",
    ],
)
def test_a_sentence_with_a_colon_is_no_row_of_a_table(sentence):
    page = parsed(f"{sentence}\n\nSyy: Palvelin poistettiin.\nTilaus: SV-2026-00001\n")
    assert [cell.text_content().strip() for cell in page.iter("p")].count(sentence) == 1
    assert "Palvelin poistettiin." in [cell.text_content().strip() for cell in page.iter("td")]


def test_a_subject_stays_text():
    subject = "</title><script>alert(1)</script>"
    assert list(faults(html.page(subject, TEXT, "sv"), subject, TEXT, "sv")) == []


def test_what_mail_programs_would_cut_off_goes_out_as_text_alone():
    assert html.page("Aihe", "Perustelu\n" * 12_000, "fi") == ""
