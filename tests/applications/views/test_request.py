"""Giving the certificate request: examined, shown, confirmed; a private key is never kept."""

import re
import subprocess

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from applications import services
from applications.models import Csr
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.dev.builders.orders import Handler
from certportal.foundation.models import Event


@pytest.fixture
def draft(matti):
    return orders.draft(matti)


@pytest.fixture
def give(web, address):
    """Post a request to the page that asks for it."""

    def give(order, page="applications:part", follow=True, **values):
        order.refresh_from_db()
        args = [order.pk, "csr"] if page == "applications:part" else [order.pk]
        data = {"version": order.version} | values
        answer = web.post(address(page, *args), data, follow=follow)
        order.refresh_from_db()
        return answer

    return give


@pytest.fixture
def confirm(web, address):
    """Press the button of the preview."""

    def confirm(order):
        order.refresh_from_db()
        page = address("applications:csr", order.pk, order.csrs.first().pk)
        answer = web.post(page, {"version": order.version})
        order.refresh_from_db()
        return answer

    return confirm


def upload(content: bytes) -> dict:
    return {"how": "file", "file": SimpleUploadedFile("pyynto.csr", content)}


def test_an_uploaded_file_is_shown_beside_register_and_certificate(give, draft):
    page = give(draft, **upload(orders.openssl_csr()))
    assert "Is this the right certificate request?" in page.text
    for column in ["Your certificate request", "The register and the order", "The certificate"]:
        assert column in page.text
    assert draft.csr is None


def test_pasted_text_does_as_well_and_confirming_leads_on(give, confirm, draft, address):
    give(draft, how="text", text=orders.openssl_csr().decode())
    answer = confirm(draft)
    assert answer["Location"] == address("applications:check", draft.pk)
    assert draft.csr == Csr.objects.get()


def test_a_file_that_was_chosen_before_the_text_is_left_out(give, draft):
    file = SimpleUploadedFile("pyynto.csr", orders.openssl_csr("muu.example.fi"))
    page = give(draft, how="text", text=orders.openssl_csr().decode(), file=file)
    assert "Is this the right certificate request?" in page.text
    assert "muu.example.fi" not in page.text
    assert draft.csrs.count() == 1


def test_a_request_with_other_names_is_accepted_and_the_differences_shown(give, draft):
    page = give(draft, **upload(orders.openssl_csr("muu.example.fi")))
    assert "Differs. The certificate gets: erecept.example.fi, varmuus.example.fi" in page.text
    assert "The request seems to have been made for something else than this order" in page.text
    assert "The common name in the request is “muu.example.fi”, in the order" in page.text


def buttons(page):
    """Return the words of the primary button and of the other one."""
    actions = page.text.partition('<div class="actions">')[2].partition("</form>")[0]
    found = re.findall(r'class="button( button--secondary)?"[^>]*>\s*([^<]+?)\s*<', actions)
    return {"secondary" if kind else "primary": words for kind, words in found}


@pytest.mark.parametrize("name", ["muu.example.fi", "varmuus.toinen.fi"])
def test_a_request_made_for_something_else_is_not_the_suggested_choice(give, draft, name):
    page = give(draft, **upload(orders.openssl_csr(name)))
    wanted = {"primary": "Give another request", "secondary": "Use this request all the same"}
    assert buttons(page) == wanted


@pytest.mark.parametrize("name", ["erecept.example.fi", "varmuus.example.fi"])
def test_a_request_with_fewer_names_of_the_order_is_used_as_it_is(give, draft, name):
    page = give(draft, **upload(orders.openssl_csr(name)))
    assert buttons(page) == {"primary": "Use this request"}
    assert "The request differs from the order" in page.text


def test_a_mismatching_request_can_still_be_used(give, confirm, draft, address):
    give(draft, **upload(orders.openssl_csr("muu.example.fi")))
    assert confirm(draft)["Location"] == address("applications:check", draft.pk)


def test_differences_are_those_of_the_order_as_it_is_now(give, web, draft, address, matti):
    give(draft, **upload(orders.openssl_csr("muu.example.fi")))
    seen = Handler(matti, draft).seen
    services.save_section(draft.pk, "host_names", {"host_names": ["muu.example.fi"]}, **seen)
    page = web.get(address("applications:csr", draft.pk, draft.csrs.get().pk))
    assert buttons(page) == {"primary": "Use this request"}
    assert "differs from the order" not in page.text


def test_a_private_key_is_refused_and_nothing_of_it_kept(give, draft):
    key = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        capture_output=True,
        check=True,
    ).stdout
    page = give(draft, **upload(orders.openssl_csr() + key))
    assert page.status_code == 400
    assert "You sent a private key" in page.text
    assert not Csr.objects.exists()
    event = Event.objects.get(action="application.private_key_refused")
    assert event.refused


@pytest.mark.parametrize(
    "content",
    [b"hello", orders.openssl_csr(key="1024"), orders.openssl_csr("x")[:200]],
    ids=["no request", "a short key", "cut off"],
)
def test_faults_are_named_with_their_remedies_and_nothing_is_stored(give, draft, content):
    page = give(draft, **upload(content))
    assert "how to fix it" in page.text
    assert page.context["findings"]
    assert all(words.text and words.remedy for _finding, words in page.context["findings"])
    assert "openssl req -new" in page.text  # with the names of this order
    assert not Csr.objects.exists()


def test_a_fault_of_both_the_common_name_and_the_alternative_name_is_told_once(give, draft):
    page = give(draft, **upload(orders.openssl_csr("muu.example.com")))
    assert page.text.count("“muu.example.com” is reserved for examples") == 1


def test_what_was_read_of_a_refused_request_is_shown(give, draft):
    page = give(draft, **upload(orders.openssl_csr(key="1024")))
    assert page.context["decoded"].key.bits == 1024
    assert page.context["decoded"].key.spki_sha256 in page.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Choose how you give the certificate request."),
        ({"how": "file"}, "Choose a file."),
        ({"how": "text", "text": " "}, "Paste the certificate request."),
        ({"how": "text", "text": "a" * 65537}, "at most 64 kB"),
        (upload(b""), "is empty"),
        (upload(b"a" * 65537), "65537 bytes"),
        (upload(b"a" * (1024 * 1024 + 1)), "at most 64 kB"),
    ],
)
def test_what_is_missing_is_said(give, draft, values, said):
    assert said in give(draft, **values).text


def test_the_technical_contact_may_send_it_later(web, give, draft, address):
    offered = "Not making the request yourself?"
    page = web.get(address("applications:part", draft.pk, "csr")).text
    assert page.index(offered) < page.index("The request holds the public key")
    answer = give(draft, follow=False, how="technical_contact")
    assert draft.csr_by == "technical_contact"
    assert answer["Location"] == address("applications:part", draft.pk, "technical")


def test_a_request_that_comes_later_takes_the_place_of_the_one_given(give, confirm, draft, matti):
    orders.name_contact(matti, draft, orders.CONTACT)
    give(draft, **upload(orders.openssl_csr()))
    confirm(draft)
    assert draft.csr is not None
    give(draft, how="technical_contact")
    assert (draft.csr, draft.csr_by) == (None, "technical_contact")
    orders.submit(matti, draft)
    assert draft.status == Status.AWAITING_CSR


def test_a_private_key_is_refused_although_the_request_comes_later(give, draft):
    key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----"
    page = give(draft, how="technical_contact", text=key)
    assert "This is a private key" in page.text
    assert "MIGHAgEA" not in page.text
    assert draft.csr_by == ""


def test_i_may_order_now_and_send_the_request_afterwards(web, give, confirm, draft, matti, address):
    give(draft, how="applicant")
    orders.submit(matti, draft)
    assert "Not making" not in web.get(address("applications:give_csr", draft.pk)).text
    assert draft.status == Status.AWAITING_CSR
    give(draft, "applications:give_csr", **upload(orders.openssl_csr()))
    confirm(draft)
    assert draft.status == Status.CHECKING


def test_a_request_is_replaced_until_a_reviewer_has_the_case(
    give, confirm, web, address, matti, riitta, cas
):
    case = orders.in_review(matti)
    first = case.csr_id
    give(case, "applications:give_csr", **upload(orders.openssl_csr()))
    confirm(case)
    assert (case.status, case.csr_id == first) == (Status.CHECKING, False)
    taken = orders.claimed(matti, riitta)
    assert web.get(address("applications:give_csr", taken.pk)).status_code == 409


def test_the_commands_to_make_a_request_carry_the_orders_names(web, draft, address):
    page = web.get(address("applications:part", draft.pk, "csr"))
    assert "openssl req -new" in page.text
    assert "erecept.example.fi" in page.text


@pytest.mark.usefixtures("still")
def test_too_many_requests_are_told_so_and_nothing_is_lost(give, draft, monkeypatch):
    monkeypatch.setattr("applications.services.applicant.csr.MOST_UPLOADS_AN_HOUR", 1)
    text = orders.openssl_csr().decode()
    assert give(draft, how="text", text=text).status_code == 200
    answer = give(draft, how="text", text=text)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "too many times" in answer.text
    assert text.splitlines()[1] in answer.text
    key = "-----BEGIN PRIVATE KEY-----\nMIIsalaisuus\n-----END PRIVATE KEY-----"
    answer = give(draft, how="text", text=key)
    assert answer.status_code == 429
    assert "This is a private key" in answer.text and "MIIsalaisuus" not in answer.text
    assert Csr.objects.count() == 1


def test_another_order_has_uploads_of_its_own(give, draft, matti, monkeypatch):
    monkeypatch.setattr("applications.services.applicant.csr.MOST_UPLOADS_AN_HOUR", 1)
    assert give(draft, **upload(orders.openssl_csr())).status_code == 200
    assert give(orders.draft(matti), **upload(orders.openssl_csr())).status_code == 200
