"""The receipt and the decision as PDF/UA: what they say, and that machines can read them aloud."""

import json
import re
import zlib
from io import BytesIO

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from fontTools.ttLib import TTFont
from weasyprint import HTML

from accounts.access import actor_for
from applications import services
from applications.documents import papers, typeface
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import fields
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.web.fonts import packaged_font
from tests.applications.pdf_texts import facts_of, pages_of, text_of


def unpacked(pdf: bytes) -> bytes:
    """Return every stream of the document, inflated, one after another."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return pdf + b"".join(_inflated(part) for part in parts)


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data) if data[:1] == b"x" else data


@pytest.fixture
def sent(matti) -> Application:
    return orders.submitted(matti, "system_signature")


@pytest.fixture
def rejected(matti, riitta, cas) -> Application:
    case = orders.claimed(matti, riitta)
    seen = orders.Handler(riitta, case).seen
    reasons = "Verkkotunnus ei ole hakijan.\n\nHallintolaki 45 §."
    services.reject(case.pk, reasons=reasons, **orders.UNHEARD, person=riitta, **seen)
    case.refresh_from_db()
    return case


def test_the_receipt_tells_what_was_sent_by_whom_and_when(sent):
    paper = papers.receipt(sent.submission)
    said = text_of(paper.content)
    content = json.loads(sent.submission.content)
    for part in [
        sent.number,
        "Helsingin VI apteekki",
        "9900001-8",
        "Apteekki Plus",
        "VT-2025-0042",
        "31.12.2099",
        "Matti Meikäläinen",
        "Voimassaolo alkaa Heti, kun varmenne myönnetään",
        *content["declared"],
    ]:
        assert part in said
    assert sent.submission.sha256 in said.replace(" ", "")
    assert paper.name == f"{sent.number}_receipt.pdf"


def test_no_page_has_the_signature_alone(matti):
    sent = orders.submitted(matti).submission
    content = json.loads(sent.content)
    for times in range(0, 16, 4):
        longer = {"contact_name": "Matti Meikäläinen " * times}
        sent.content = json.dumps(content | longer)
        last = pages_of(papers.receipt(sent).content)[-1]
        assert "Vakuutukset" in last and "Allekirjoitus" in last, times


def test_a_moment_is_told_in_finnish_time():
    told = fields.BY_KEY["mailbox_proved_at"].in_words("2026-11-25T10:00:00+00:00")
    assert told == "25.11.2026 klo 12.00"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_it_is_tagged_titled_and_in_its_language(matti, language):
    order = orders.with_csr(matti)
    orders.submit(matti, order, language=language)
    pdf = papers.receipt(order.submission).content
    known = re.sub(r" +", " ", facts_of(pdf))
    assert "Tagged: yes" in known
    assert order.number in re.search(r"Title: (.*)", known)[1]
    inside = unpacked(pdf)
    for mark in [b"/StructTreeRoot", b"/MarkInfo", b"pdfuaid:part", f"/Lang ({language})".encode()]:
        assert mark in inside
    assert b"/S /TH" in inside or b"/S/TH" in inside


def test_the_same_submission_gives_the_same_bytes(sent):
    first = papers.receipt(sent.submission).content
    sent.organisation.name = "Muu Oy"
    sent.organisation.save()
    sent.contact_name = "Joku Muu"
    sent.save()
    assert papers.receipt(type(sent.submission).objects.get()).content == first


def test_a_font_that_was_cleared_away_is_made_anew_for_the_next_paper(sent):
    before = papers.receipt(sent.submission).content
    files = papers._style()[2]
    assert len(files) >= len(papers.FONTS)
    files[0].unlink()
    assert papers.receipt(sent.submission).content == before
    assert files[0] not in papers._style()[2]
    assert all(one.exists() for one in papers._style()[2])


def test_a_paper_in_a_style_that_was_read_for_others_has_the_same_bytes(sent, monkeypatch):
    first = papers.receipt(sent.submission).content
    monkeypatch.setattr(papers, "_style", papers._style.__wrapped__)  # read anew, as by the workers
    assert papers.receipt(sent.submission).content == first


def test_a_test_order_says_so_on_paper_and_in_its_name(matti):
    order = orders.submitted(matti, "test_server")
    paper = papers.receipt(order.submission)
    assert paper.name.startswith("TEST-")
    assert "TEST" in text_of(paper.content)


def test_the_decision_tells_what_the_law_wants(rejected):
    decision = rejected.decisions.get()
    paper = papers.decision(decision)
    said = text_of(paper.content)
    for part in [
        "Digi- ja väestötietovirasto",
        localtime(decision.at).strftime("%-d.%-m.%Y"),
        "Helsingin VI apteekki, 9900001-8",
        "Verkkotunnus ei ole hakijan.",
        "Hallintolaki 45 §.",
        "Sovelletut säännökset",
        "703/2023",
        "Riitta Ratkaisija",
        "vptuotanto@dvv.fi",
        "Oikaisuvaatimus",
        "30 päivän",
    ]:
        assert part in said
    assert paper.name == f"{rejected.number}_decision.pdf"


@pytest.fixture
def issued(matti, riitta, cas) -> Application:
    case = orders.delivered(matti, riitta)
    case.refresh_from_db()
    return case


def test_the_approval_tells_what_was_granted_and_by_which_provisions(issued):
    decision = issued.decisions.get()
    paper = papers.decision(decision)
    said = text_of(paper.content)
    for part in [
        issued.number,
        "Helsingin VI apteekki, 9900001-8",
        "Hakemus hyväksytään.",
        "Sovelletut säännökset",
        "661/2009",
        "Hallintolaki (434/2003)",
        "Riitta Ratkaisija",
        "vptuotanto@dvv.fi",
        "Oikaisuvaatimus",
    ]:
        assert part in said
    assert "Hakemus hylätään" not in said
    assert paper.name == f"{issued.number}_decision.pdf"


def test_the_approval_is_on_the_account_when_the_certificate_is_signed(web, matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    place = reverse("applications:decision", args=[case.pk])
    orders.approve(riitta, case)
    assert web.get(place).status_code == 409  # it may still be recalled
    orders.drain()
    page = web.get(reverse("applications:order", args=[case.pk])).content.decode()
    assert f'href="{place}"' in page
    assert web.get(place).status_code == 202
    orders.drain()
    assert web.get(place).content.startswith(b"%PDF-")


def test_a_rejection_that_was_taken_up_again_is_told_as_an_earlier_decision(web, rejected, riitta):
    page = reverse("applications:order", args=[rejected.pk])
    assert "Päätös PDF-tiedostona" in web.get(page).text
    handler = orders.Handler(riitta, rejected)
    services.reopen(rejected.pk, reasons="Hakijan esitys.", person=riitta, **handler.seen)
    shown = web.get(page).text
    day = f"{clock.day(clock.now()):%-d.%-m.%Y}"
    assert "Päätös PDF-tiedostona" not in shown
    assert f"Aiempi päätös {day}, jolla tilaus hylättiin (PDF)" in shown


def test_words_of_a_person_are_shown_not_run(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    seen = orders.Handler(riitta, case).seen
    evil = '<img src="http://198.51.100.1/x"><h1>Hyväksytty</h1>'
    services.reject(case.pk, reasons=evil, **orders.UNHEARD, person=riitta, **seen)
    assert '<img src="http://198.51.100.1/x">' in text_of(
        papers.decision(case.decisions.get()).content
    )


@pytest.mark.parametrize("url", ["http://198.51.100.1/a.png", "file:///etc/passwd"])
def test_nothing_else_is_ever_loaded(url):
    with pytest.raises(papers.Forbidden):
        HTML(string=f'<img src="{url}">', url_fetcher=papers.OnlyFont()).write_pdf()


def test_each_weight_of_the_style_sheet_is_a_font_of_its_own_with_every_letter():
    asked = re.findall(r"font-weight: (\S+);", papers.STYLE.read_text("utf-8"))
    assert {int(one) for one in asked} == set(typeface.WEIGHTS)
    letters = TTFont(BytesIO(packaged_font().read_bytes())).getBestCmap()
    for weight in typeface.WEIGHTS:
        font = TTFont(BytesIO(typeface.in_weight(weight)))
        assert "fvar" not in font
        assert (font["OS/2"].usWeightClass, font.getBestCmap()) == (weight, letters)


def test_a_font_without_weights_cannot_be_pinned(monkeypatch, tmp_path):
    pinned = tmp_path / "pinned.ttf"
    pinned.write_bytes(typeface.in_weight(400))
    monkeypatch.setattr(typeface, "packaged_font", lambda: pinned)
    with pytest.raises(ValueError, match="no weight 500"):
        typeface.in_weight(500)


def test_the_account_hands_the_receipt_and_the_decision_over(web, rejected):
    orders.drain()
    page = web.get(reverse("applications:order", args=[rejected.pk])).content.decode()
    for name, more in (("receipt", [1]), ("decision", [])):
        address = reverse(f"applications:{name}", args=[rejected.pk, *more])
        assert f'href="{address}"' in page
        answer = web.get(address)
        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert answer["Content-Disposition"].startswith("attachment")
    assert "miten siihen haetaan oikaisua" in page


def test_nobody_else_gets_them_and_what_is_not_there_is_not_found(web, sent, stranger):
    receipt = reverse("applications:receipt", args=[sent.pk, 1])
    assert people.log_in(Client(), stranger).get(receipt).status_code == 404
    assert web.get(reverse("applications:receipt", args=[sent.pk, 2])).status_code == 404


def test_they_come_with_their_mails(rejected):
    orders.drain()
    attached = {part.get_filename() for message in mail.outbox for part in message.attachments}
    assert attached >= {f"{rejected.number}_receipt.pdf", f"{rejected.number}_decision.pdf"}


def test_erased_orders_have_no_papers(web, sent, now):
    sent.erased_at = now
    sent.save()
    for name, more in (("receipt", [1]), ("decision", [])):
        answer = web.get(reverse(f"applications:{name}", args=[sent.pk, *more]))
        assert answer.status_code == 409, name
        assert "Tilauksen henkilötiedot on poistettu" in answer.text


@pytest.fixture
def revoked(issued, matti) -> Application:
    services.revoke(
        issued.pk,
        reason="key_compromise",
        words="Avain oli levyllä, joka katosi.",
        person=matti,
        actor=actor_for(matti),
        now=clock.now(),
    )
    return issued


def test_the_notice_of_a_revocation_tells_which_certificate_when_and_why(revoked):
    certificate = certificate_of(revoked)
    paper = papers.revocation(certificate, revoked)
    said = text_of(paper.content)
    for part in [
        revoked.number,
        certificate.serial,
        "Helsingin VI apteekki, 9900001-8",
        localtime(certificate.revoked_at).strftime("%-d.%-m.%Y"),
        "Yksityinen avain on paljastunut",
        "vptuotanto@dvv.fi",
    ]:
        assert part in said
    assert "Avain oli levyllä" not in said
    assert "Tagged: yes" in re.sub(r" +", " ", facts_of(paper.content))
    assert paper.name == f"{revoked.number}_revocation.pdf"


def test_who_did_not_ask_for_the_revocation_is_told_how_to_appeal(issued, riitta):
    services.revoke_exposed(
        issued.pk, words="", person=riitta, actor=actor_for(riitta), now=clock.now()
    )
    said = text_of(papers.revocation(certificate_of(issued), issued).content)
    assert "Oikaisuvaatimus" in said
    assert "Hallintolaki (434/2003)" in said


def test_the_notice_is_on_the_account_once_the_certificate_is_revoked(web, request, issued):
    place = reverse("applications:revocation_notice", args=[issued.pk])
    early = web.get(place)
    assert early.status_code == 409
    assert "Varmennetta ei ole suljettu." in early.text
    request.getfixturevalue("revoked")
    page = web.get(reverse("applications:order", args=[issued.pk])).content.decode()
    assert f'href="{place}"' in page
    assert web.get(place).status_code == 202
    orders.drain()
    assert web.get(place).content.startswith(b"%PDF-")
