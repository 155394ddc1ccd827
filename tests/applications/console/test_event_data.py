"""Every key and code that an event may hold is shown in words, and who it names by name."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest
from django.utils import translation

from accounts import access
from accounts.models import Identifier, Membership, Organisation, Person, StaffRole
from applications.models import Attachment, Decision
from applications.rules.void_reasons import VOID_REASONS
from applications.services.reviewer import assignment
from applications.views.console.events.data_values import LABELS, value_words
from applications.views.console.events.named import PAGES, Part, address_of, named
from applications.workflow import ApplicationEvent
from certportal.dev.builders import orders, people
from certportal.foundation import events
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject
from certportal.foundation.models import Event
from issuance.models import BlockedKey, IssuingCA
from tests.foundation.sources import sources

RECORDING = {"events.record", "events.made", "refusals.record", "record", "_once", "_record"}
HANDING_OVER = {("transition.move", "data"), *((called, None) for called in RECORDING)}
# Arguments of these functions that are no data.
ARGUMENTS = {"about", "actor", "now", "refused"}
# Data that is handed on as it was given, and the settings, which are shown by their own names.
HANDED_ON = {"data", "event_data", "current", "prepared.event_data if prepared else {}"}
COUNTED = {"added", "changed", "removed", "ended"}
"""What every event about an import of the register counts."""
ENROLLED = {"person", "fingerprint", "environments"}
"""What the register of approvers says of a change."""
SEARCHED = {"persons", "organisations", "orders", "serials", "action", "since", "until", "refused"}
SEARCHED |= {"before"}
"""What a search of the recorded events was for."""


def keys_in(tree: ast.Module) -> Iterator[str]:
    """Yield the keys that a source gives to events, and those that every event of a row holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "event_data":
            yield from literal_keys(node)
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        for given in node.keywords:
            if called in RECORDING and given.arg and given.arg not in ARGUMENTS:
                yield given.arg
            elif (called in RECORDING and given.arg is None) or (
                called == "transition.move" and given.arg == "data"
            ):
                yield from keys_of(given.value, tree)


def keys_of(value: ast.expr, tree: ast.Module) -> Iterator[str]:
    """Yield the keys of a dictionary: those written there, or where its name is given them."""
    found = set(literal_keys(value))
    name = value.func if isinstance(value, ast.Call) else value
    wanted = ast.unparse(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == wanted:
            found |= set(literal_keys(node))
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        for target in targets:
            if wanted in ast.unparse(target).replace(",", " ").split():
                found |= set(literal_keys(node))
            if isinstance(target, ast.Subscript) and ast.unparse(target.value) == wanted:
                found.add(ast.literal_eval(target.slice))
    assert found or wanted in HANDED_ON, f"cannot read {ast.unparse(value)}"
    yield from found


def literal_keys(within: ast.AST) -> Iterator[str]:
    for node in ast.walk(within):
        if isinstance(node, ast.Dict):
            yield from (key.value for key in node.keys if isinstance(key, ast.Constant))


@cache
def recorded() -> set[str]:
    found = {key for path in sources() for key in keys_in(ast.parse(path.read_text()))}
    return found | COUNTED | ENROLLED | SEARCHED | {"from", "to", "supplier"}


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_every_key_that_is_recorded_has_a_label(language):
    assert {"tbs_sha256", "given_to", "rules", "bulk_order", "deadline", "serial"} <= recorded()
    with translation.override(language):
        labels = {key: str(LABELS.get(key, key)) for key in recorded()}
    assert not [key for key, label in labels.items() if label in {key, ""}]


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_codes_are_said_in_words(language):
    """A CSV has the codes; here no reader meets `hetu` or `key_compromise`."""
    codes = [
        *[("person", "kind", kind) for kind in Identifier.Kind.values],
        *[("login", "kind", kind) for kind in ("totp", "webauthn", "recovery_codes")],
        *[("organisation", "kind", kind) for kind in Organisation.Kind.values],
        *[("application", "kind", kind) for kind in (*Attachment.Kind.values, "der", "life")],
        *[("paper", "kind", kind) for kind in ("receipt", "installing", "revocation")],
        *[("paper", "kind", kind) for kind in ("approved", "rejected")],
        *[("membership", "role", role) for role in Membership.Role.values],
        *[("person", "role", role) for role in StaffRole.Kind.values],
        *[("issuing_ca", name, one) for name in ("from", "state") for one in IssuingCA.State],
        *[("key", "reason", reason) for reason in BlockedKey.REASONS],
        *[("prepared_certificate", "outcome", one) for one in ("prepared", *VOID_REASONS)],
        *[("application", "unheard", one) for one in Decision.Unheard.values],
        *[("domain", "outcome", one) for one in ("proven", "expired", "bogus")],
        *[("events", "action", "application.submit"), ("page", "reason", "MayNotDecide")],
        *[("person", "language", "fi"), ("application", "by", "dns")],
    ]
    with translation.override(language):
        assert not [code for code in codes if value_words(*code) in {code[2], ""}]


def shown(desk, number):
    """Return what the event is about and its data, as the page of the events has them."""
    rows = desk.open("events").context["rows"]
    (row,) = [row for row in rows if row["event"].pk == number]
    about = Part(f"{row['kind']} {row['about'].text}", row["about"].url)
    return about, dict(row["data"])


def recorded_about(about, by, now, **data):
    actor = access.actor_for(by)
    return events.record(ApplicationEvent.PAGE_VIEWED, about, actor, now, **data).pk


def test_raimo_to_whom_a_case_is_given_is_named(case, desk, riitta, raimo, now):
    seen = {"version": case.version, "actor": access.actor_for(riitta), "now": now}
    assignment.hand_over(case.pk, to=raimo.pk, note="Raimo tuntee asian.", person=riitta, **seen)
    event = Event.objects.get(action=ApplicationEvent.HAND_OVER)
    about, data = shown(desk, event.pk)
    assert about == Part(f"Order {case.number}", desk.url("case", case.pk))
    assert data["Who has the case now"] == [Part(str(raimo), desk.url("person", raimo.pk))]
    assert data["Taken over from"] == [Part(str(riitta), desk.url("person", riitta.pk))]
    assert f'<a href="{desk.url("person", raimo.pk)}"' in desk.open("events").text


def test_days_are_written_as_on_other_pages(case, desk, riitta, now):
    number = recorded_about(case, riitta, now, until="2026-12-02", reference="2026-12-02")
    data = shown(desk, number)[1]
    assert data["Until the day"] == [Part("2 Dec 2026")]
    with translation.override("fi"):
        assert value_words("application", "until", "2026-12-02") == "2.12.2026"


def test_whose_data_was_erased_is_said_to_be_erased(desk, riitta, now):
    gone = people.make_person("Pekka Poistunut")
    Person.objects.filter(pk=gone.pk).update(given_name="", family_name="")
    about, _data = shown(desk, recorded_about(gone, riitta, now))
    assert about == Part("Person Erased person", desk.url("person", gone.pk))


def test_accounts_lists_and_logins_have_their_names(desk, riitta, kalle, pharmacy, now):
    page = desk.url("account", pharmacy.pk)
    number = recorded_about(pharmacy, riitta, now, successor=str(pharmacy.pk))
    about, data = shown(desk, number)
    assert about == Part(f"Organisation {pharmacy.name}", page)
    assert data["Successor"] == [Part(pharmacy.name, page)]
    about, _data = shown(desk, recorded_about(Subject("list", "people"), riitta, now))
    assert about == Part("List People")
    about, _data = shown(desk, recorded_about(kalle.logins.get(), riitta, now))
    assert about == Part(f"Login {kalle}", desk.url("person", kalle.pk))


def test_a_draft_is_known_by_its_number_and_opens_for_nobody(desk, riitta, matti, now):
    draft = orders.draft(matti)
    about, _data = shown(desk, recorded_about(draft, riitta, now))
    assert about == Part(f"Order {draft.number}")


def test_a_page_that_was_refused_is_shown_by_its_address(desk, matti, web_of, case):
    web_of(matti).get(desk.url("approve", case.pk))
    event = Event.objects.get(action=ServiceEvent.ACCESS_REFUSED)
    about, _data = shown(desk, event.pk)
    assert about == Part("Page of the reviewers /en/console/…/approve/")
    with translation.override("sv"):
        assert address_of("staff:staff") == "/sv/settings/"
        assert address_of("contact:order") == "/sv/contact-link/…/order/"
        assert address_of("accounts:page_of_former_times") == "accounts:page_of_former_times"
    assert "console" in PAGES


def test_many_events_ask_the_database_as_often_as_few(
    riitta, matti, kalle, now, django_assert_num_queries
):
    for person in (riitta, matti, kalle):
        for about in (person, person.logins.get(), orders.draft(matti)):
            recorded_about(about, riitta, now, person=str(kalle.pk))
    newest = list(Event.objects.order_by("pk"))
    with django_assert_num_queries(4):
        known = named(newest)
    assert {str(person.pk) for person in (riitta, matti, kalle)} <= known.people.keys()
