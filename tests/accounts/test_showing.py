"""A right to act that no register confirms is shown by a document."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import translation
from django.utils.formats import date_format

from accounts.access import actor_for
from accounts.models import Membership, Organisation, RightDocument
from accounts.services.organisations import found as found_organisations, invite
from accounts.services.people.erase import erase_documents, erase_person
from accounts.services.rights import confirm as confirm_rights, documents
from certportal.dev.builders import people
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf, upload
from certportal.foundation import clock
from certportal.foundation.files.documents import Infected, NotPdf
from certportal.foundation.models import Event
from tests.doubles.scanner import EICAR
from tests.tables import rewrite

pytestmark = pytest.mark.django_db
HOME = "/en/home/"
RIGHT = "/en/account/right/"
CLINICS = "9900008-5"
PAPER = documents.Paper(pdf("Valtakirja"), "C:\\valtakirja.pdf")
OTHERS = [documents.Paper(pdf(f"Liite {number}"), "liite.pdf") for number in range(1, 5)]
ROLE = {"role": "applicant", "language": "fi"}
STATED = {"basis": "mandate", "detail": "hallintojohtaja"}


@pytest.fixture
def unconfirmed(matti):
    """Matti's right, as it was before anybody confirmed it."""
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None, basis_note="")
    return matti.memberships.get()


@pytest.fixture
def document(unconfirmed, matti, pharmacy, now):
    """The power of attorney that Matti has handed in."""
    return documents.hand_in(matti, pharmacy, PAPER, actor=actor_for(matti), now=now)


def test_the_second_press_of_a_double_click_hands_nothing_in(client, unconfirmed, matti):
    browser = people.log_in(client, matti)
    for _press in range(2):
        assert browser.post(RIGHT, {"document": upload(pdf())}).status_code == 302
    assert RightDocument.objects.count() == 1


def test_a_right_known_from_a_source_needs_no_document(aino, now, settings):
    right = ("Aino Ahkera", CLINICS, "register_role", "toimitusjohtaja")
    backend = "tests.doubles.mandates.InMemory"
    settings.MANDATES = {"BACKEND": backend, "OPTIONS": {"rights": (right,)}}
    statement = found_organisations.Statement(**STATED)
    made = found_organisations.found(
        aino, CLINICS, statement, actor=actor_for(aino), now=now, paper=PAPER
    )
    assert not made.right_documents.exists()


def test_what_was_handed_in_is_shown_so_with_when_it_is_looked_at(
    client, unconfirmed, matti, pharmacy, now
):
    browser = people.log_in(client, matti)
    assert "was uploaded on" not in browser.get(HOME).text
    documents.hand_in(matti, pharmacy, PAPER, actor=actor_for(matti), now=now)
    for page in (HOME, RIGHT):
        shown = browser.get(page).text
        assert "Your proof of authority was uploaded on" in shown, page
        assert "within 5 working days" in shown, page
    home = browser.get(HOME).text
    assert "Upload proof of authority" not in home
    assert "was uploaded on" not in home.partition('id="needs"')[2].partition("</section>")[0]


def test_it_is_handed_in_later_from_the_organisation_s_page(client, unconfirmed, matti):
    browser = people.log_in(client, matti)
    assert RIGHT in browser.get(HOME).text
    assert "the order may have to wait" in browser.get(RIGHT).text

    browser.post(RIGHT, {"document": upload(pdf(), "valtakirja.pdf")})

    document = RightDocument.objects.get()
    assert document.name in browser.get(RIGHT).text
    answer = browser.get(f"{RIGHT}{document.pk}/")
    assert answer.content == pdf()
    assert answer["Content-Disposition"] == 'attachment; filename="valtakirja.pdf"'
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_confirmed_right_asks_for_nothing(client, matti, riitta, pharmacy, now):
    browser = people.log_in(client, matti)
    assert "Upload proof of authority" not in browser.get(HOME).text
    assert "No document is needed" in browser.get(RIGHT).text
    matti.memberships.update(confirmed_at=now, confirmed_by=riitta, basis_note="Riitan huomio")
    page = browser.get(RIGHT).text
    assert date_format(clock.day(now), "SHORT_DATE_FORMAT") in page.partition("Confirmed</dt>")[2]
    assert "Riitan huomio" not in page
    with pytest.raises(documents.NothingToShow):
        documents.hand_in(matti, pharmacy, PAPER, actor=actor_for(matti), now=now)


def test_a_right_confirmed_on_the_word_alone_can_be_shown_before_and_after_its_last_day(
    client, unconfirmed, matti, pharmacy, riitta, now, monkeypatch
):
    """Only a document that came after the confirmation waits for a reviewer."""
    documents.hand_in(matti, pharmacy, PAPER, actor=actor_for(matti), now=now)
    until = clock.day(now) + timedelta(days=10)
    confirm_rights.confirm_right(
        unconfirmed.pk, note="Puhelu.", until=until, by=riitta, actor=actor_for(riitta), now=now
    )
    browser = people.log_in(client, matti)
    page = browser.get(RIGHT).text
    assert "No document is needed" not in page
    assert "without a document, until" in page
    assert "/remove/" not in page
    assert "was confirmed until" not in browser.get(HOME).text
    later = now + timedelta(days=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    browser = people.log_in(client, matti)
    assert "was confirmed until" in browser.get(HOME).text
    assert "was uploaded on" not in browser.get(RIGHT).text
    browser.post(RIGHT, {"document": upload(pdf(), "valtakirja.pdf")})
    assert RightDocument.objects.count() == 2
    for place in (HOME, RIGHT):
        shown = browser.get(place).text
        assert "was uploaded on" in shown and "looks at it with your order" in shown, place


def test_the_page_names_whose_right_one_s_own_rests_on(client, matti, pharmacy, now):
    """A stranger founded the account; Uuno came by the invitation of Matti, who did not."""
    saara = people.make_person("Saara Sivullinen", now=now)
    rewrite(Organisation.objects.filter(pk=pharmacy.pk), founded_by=saara)
    invitation = act(matti, invite.invite, pharmacy, "uuno@example.fi", **ROLE)
    uuno = people.make_person("Uuno Uusi", now=now)
    act(uuno, invite.accept, invitation.pk, invitation.token)
    page = people.log_in(client, uuno).get(RIGHT).text
    assert "The authority rests on that of" in page
    assert "Matti Meikäläinen" in page
    assert "Account created by" not in page


def test_an_invited_colleague_may_show_the_right_the_account_rests_on(
    unconfirmed, maija, pharmacy, now
):
    document = documents.hand_in(maija, pharmacy, PAPER, actor=actor_for(maija), now=now)
    assert list(documents.documents_about(unconfirmed)) == [document]


def test_a_technical_member_and_a_stranger_have_nothing_to_show(
    unconfirmed, teemu, kalle, pharmacy, now
):
    for person, refusal in ((teemu, documents.NothingAsked), (kalle, documents.NotMember)):
        with pytest.raises(refusal):
            documents.hand_in(person, pharmacy, PAPER, actor=actor_for(person), now=now)


def ended_meanwhile(maija, _unconfirmed):
    maija.memberships.update(ended_at=clock.now())


def confirmed_meanwhile(_maija, unconfirmed):
    Membership.objects.filter(pk=unconfirmed.pk).update(
        basis=Membership.Basis.REVIEWER_DECISION, confirmed_at=clock.now()
    )


@pytest.mark.parametrize(
    ("meanwhile", "refusal", "words"),
    [
        (ended_meanwhile, documents.NotMember, "no longer belong to this organisation"),
        (confirmed_meanwhile, documents.NothingToShow, "has been confirmed"),
    ],
)
def test_what_changed_while_the_document_came_is_told_as_it_is(
    unconfirmed, maija, pharmacy, now, monkeypatch, meanwhile, refusal, words
):
    real = documents.require_fit

    def fit(*args, **kwargs):
        real(*args, **kwargs)
        meanwhile(maija, unconfirmed)

    monkeypatch.setattr(documents, "require_fit", fit)
    with pytest.raises(refusal) as refused:
        documents.hand_in(maija, pharmacy, PAPER, actor=actor_for(maija), now=now)
    with translation.override("en"):
        assert words in str(refused.value)
    assert not RightDocument.objects.exists()


@pytest.mark.parametrize("who", ["maija", "kalle"])
def test_nobody_else_reads_it(request, client, document, who):
    person = request.getfixturevalue(who)
    browser = people.log_in(client, person)
    assert browser.get(f"{RIGHT}{document.pk}/").status_code == 404
    assert browser.post(f"{RIGHT}{document.pk}/remove/").status_code == 404
    refused = Event.objects.filter(action="access.refused", object_type="right_document")
    assert refused.count() == 2
    assert RightDocument.objects.exists()


def test_it_is_stored_under_a_name_of_our_own_and_recorded_by_its_hash(document, pharmacy):
    assert document.name == "valtakirja.pdf"
    assert "valtakirja" not in document.file.name
    event = Event.objects.get(action="right_document.handed_in")
    assert event.data["sha256"] == document.sha256
    assert event.organisation_id == pharmacy.pk
    assert "valtakirja" not in str(event.data)


def test_what_is_unfit_is_not_kept(unconfirmed, matti, pharmacy, now, settings):
    settings.SCANNER = {
        "BACKEND": "tests.doubles.scanner.InMemory",
        "OPTIONS": {},
    }
    infected = pdf().replace(b"%%EOF", b"%%EOF", 1)
    infected = infected[:9] + b"%" + EICAR + b"\n" + infected[9:]
    for data, refusal in ((b"hello", NotPdf), (infected, (Infected, NotPdf))):
        paper = documents.Paper(data, "x.pdf")
        with pytest.raises(refusal):
            documents.hand_in(matti, pharmacy, paper, actor=actor_for(matti), now=now)
    assert not RightDocument.objects.exists()


def test_a_scanner_that_is_down_is_told_beside_the_field(client, unconfirmed, matti, settings):
    settings.SCANNER = {
        "BACKEND": "tests.doubles.scanner.InMemory",
        "OPTIONS": {"answers": False},
    }
    answer = people.log_in(client, matti).post(RIGHT, {"document": upload(pdf())})
    assert "could not be checked just now" in answer.text
    assert not RightDocument.objects.exists()


def test_five_are_enough(document, client, matti, pharmacy, now):
    for paper in OTHERS:
        documents.hand_in(matti, pharmacy, paper, actor=actor_for(matti), now=now)
    answer = people.log_in(client, matti).post(RIGHT, {"document": upload(pdf())})
    assert "Remove one first" in answer.text
    assert RightDocument.objects.count() == documents.MOST


def test_five_from_before_a_confirmation_on_the_word_keep_no_other_away(
    document, client, unconfirmed, matti, pharmacy, riitta, now
):
    """None of them was enough, and none can be taken away since."""
    for paper in OTHERS:
        documents.hand_in(matti, pharmacy, paper, actor=actor_for(matti), now=now)
    until = clock.day(now) + timedelta(days=10)
    confirm_rights.confirm_right(
        unconfirmed.pk, note="Puhelu.", until=until, by=riitta, actor=actor_for(riitta), now=now
    )
    browser = people.log_in(client, matti)
    for number in range(documents.MOST):
        new = upload(pdf(f"Uusi {number}"), "uusi.pdf")
        assert browser.post(RIGHT, {"document": new}).status_code == 302
    assert "Remove one first" in browser.post(RIGHT, {"document": upload(pdf())}).text
    assert RightDocument.objects.count() == 2 * documents.MOST


def test_it_is_taken_away_until_a_reviewer_has_relied_on_it(
    client, document, unconfirmed, matti, pharmacy, riitta, now, django_capture_on_commit_callbacks
):
    other = documents.hand_in(matti, pharmacy, OTHERS[0], actor=actor_for(matti), now=now)
    browser = people.log_in(client, matti)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{RIGHT}{document.pk}/remove/")
    assert not default_storage.exists(document.file.name)

    confirm_rights.confirm_right(
        unconfirmed.pk, note="", by=riitta, actor=actor_for(riitta), now=now
    )
    assert browser.post(f"{RIGHT}{other.pk}/remove/").status_code == 409
    assert default_storage.exists(other.file.name)


def test_a_confirmation_without_word_or_document_is_refused(unconfirmed, riitta, now):
    with pytest.raises(confirm_rights.NothingSeen):
        confirm_rights.confirm_right(
            unconfirmed.pk, note=" ", by=riitta, actor=actor_for(riitta), now=now
        )
    unconfirmed.refresh_from_db()
    assert unconfirmed.basis == Membership.Basis.UNVERIFIED


@pytest.mark.parametrize("days", [None, 1, 364])
def test_nobody_confirms_a_right_where_they_belong_or_did_within_the_year(
    unconfirmed, pharmacy, riitta, now, days
):
    ended = now - timedelta(days=days) if days else None
    joined = {"basis": "invitation", "role": "applicant", "begun_at": now - timedelta(days=800)}
    riitta.memberships.create(organisation=pharmacy, ended_at=ended, **joined)
    with pytest.raises(confirm_rights.OwnRight):
        confirm(unconfirmed, riitta, now)
    rewrite(riitta.memberships, ended_at=now - timedelta(days=366))
    assert confirm(unconfirmed, riitta, now).confirmed_by == riitta


def confirm(right, reviewer, now):
    actor = actor_for(reviewer)
    return confirm_rights.confirm_right(right.pk, note="Nähty.", by=reviewer, actor=actor, now=now)


def test_files_go_when_their_time_is_over(document, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        erase_documents(document.handed_in_at)
    assert RightDocument.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        erase_documents(clock.now())
    assert not RightDocument.objects.exists()
    assert not default_storage.exists(document.file.name)


def test_files_go_with_the_person(document, matti, now, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        erase_person(matti.pk, now=now)
    assert not default_storage.exists(document.file.name)


def test_one_s_own_export_names_them(client, document, matti):
    answer = people.log_in(client, matti).get("/en/account/me/export/")
    assert answer.json()["documents_about_rights"][0]["name"] == "valtakirja.pdf"
