"""Every event that was ever stored can be read in words, and none is named by a free string."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation

from certportal.foundation import event_names
from certportal.foundation.event_names import EventName
from certportal.foundation.events import subject_of
from tests.foundation.sources import APPS, sources

# Every name that any version of the service has recorded, by what stands before the point.
EVER_STORED = {
    "access": """
        refused
    """,
    "act": """
        refused
    """,
    "administrator_request": """
        granted made refused taken_back
    """,
    "application": """
        access_refused add_attachment add_hearing_document add_information answer_hearing approve
        ask_mailbox_code attach_csr
        cancel_request case_viewed certificate_taken choose_csr choose_names claim confirm_names
        correct_address csr_refused
        deliver discard download
        drop_evidence edit end_with_account erase expiry_seen extend_deadline
        hand_over hear hearing_document_taken installed issue lapse link_opened
        link_sent links_ended not_mine note
        private_key_refused propose_names prove_mailbox queue recall reissue reject release
        remove_attachment remove_hearing_document rename_contact reopen replace_csr replaced
        request_info
        resend_link restore resubmit return_csr return_names return_order
        revocation_confirmed
        revocation_declined revocation_proposed revocation_reported revocation_withdrawn
        revoke revoke_exposed revoke_link set_aside set_evidence start submit
        submit_without_csr succeed take_over term_ended upload_csr virus_refused wait waive
        waiver_confirmed waiver_withdrawn withdraw
    """,
    "domain": """
        asked forgotten looked_up
    """,
    "events": """
        exported viewed
    """,
    "feedback": """
        given
    """,
    "identifiers": """
        superseded_dropped
    """,
    "invitation": """
        accepted code_asked made resent revoked
    """,
    "issuance": """
        approved approver_ended approver_enrolled approver_refused audit_settled
        block_end_dropped block_end_proposed blocks_ended ca_active
        ca_registered ca_retired ca_revoked ca_standby ceremony_recorded crl
        crl_stopped disowned issued
        key_blocked key_proof keys_imported keys_listed log_anchored log_stamped
        ocsp_responder paper_made paper_sealed prepared refused restored revoked root_crl
        seal_registered serial_revoked signing signing_taken_over voided
    """,
    "join_request": """
        made repeated taken_back
    """,
    "list": """
        exported
    """,
    "login": """
        made_superuser superuser_ended
    """,
    "membership": """
        ended_by_authority left removed right_confirmed right_shown right_withdrawn
        role_changed recorded
    """,
    "mail": """
        came_back
    """,
    "organisation": """
        closed founded renamed succeeded
    """,
    "page": """
        viewed
    """,
    "person": """
        document_taken email_code_asked email_verified erased identified language_chosen logged_out
        logged_out_by_provider mails_chosen merged session_ended virus_refused identifier_stored
    """,
    "ready_reason": """
        ended written
    """,
    "register": """
        done failed held held_accepted
    """,
    "register_task": """
        decided opened
    """,
    "replacement": """
        approved planned released resumed revoked
    """,
    "right_document": """
        handed_in taken_back
    """,
    "settings": """
        changed
    """,
    "second_factor": """
        added codes_made proven removed reset sealed_anew
    """,
    "service_notice": """
        ended set
    """,
    "staff_role": """
        ended granted
    """,
    "supplier_consent": """
        ended given resigned
    """,
    "work": """
        given_up taken_up
    """,
}
# What a source calls the type of the objects of events where it is no argument.
TYPES = {"event_type", "KIND", "DISOWNED"}
STORED = [f"{part}.{name}" for part, names in EVER_STORED.items() for name in names.split()]


def known() -> list[str]:
    return [name for names in EventName.__subclasses__() for name in names.values]


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_every_name_ever_stored_has_words_of_its_own(language: str) -> None:
    with translation.override(language):
        unknown = event_names.words("never.stored")
        wordless = [name for name in STORED if event_names.words(name) in {unknown, name, ""}]
    assert not wordless


def test_each_name_belongs_to_one_app() -> None:
    assert len(known()) == len(set(known()))


def test_a_name_once_stored_is_not_forgotten() -> None:
    assert set(known()) == set(STORED)  # a new name is added here, and stays


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_words_are_translated(language: str) -> None:
    with translation.override("en"):
        english = {name: event_names.words(name) for name in STORED}
    with translation.override(language):
        assert not [name for name in STORED if event_names.words(name) == english[name]]


def test_no_event_is_recorded_or_looked_up_by_a_free_string() -> None:
    """Recording is typed (`name: EventName`); what filters and templates compare is read here."""
    found = [f"{path}: {text}" for path in sources() for text in free_names(path)]
    for template in (settings.BASE_DIR / "templates").rglob("*"):
        if template.is_file() and "event.action ==" in template.read_text():
            found.append(str(template))
    assert not found


def free_names(path: Path) -> Iterator[str]:
    """Texts given to a look-up by `action`, or compared with an attribute of that name."""
    for node in ast.walk(ast.parse(path.read_text())):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            values = [one.value for one in node.keywords if (one.arg or "").startswith("action")]
            values = [] if ast.unparse(node.func).endswith("add_argument") else values
        elif isinstance(node, ast.Compare) and ".action" in ast.unparse(node):
            values = [node.left, *node.comparators]
        for value in values:
            for one in ast.walk(value):
                if isinstance(one, ast.Constant) and str(one.value).count(".") == 1:
                    yield ast.unparse(node)


@cache
def kinds() -> set[str]:
    """What events are about, as the sources name it, and the models that events are named after."""
    named = {kind for path in sources() for kind in kinds_in(path)}
    own = [model for model in apps.get_models() if model.__module__.split(".")[0] in APPS]
    types = {subject_of(model()).type: model for model in own}
    said = {name for name, model in types.items() if hasattr(model, "event_data")}
    return named | said | types.keys() & EVER_STORED.keys()


def kinds_in(path: Path) -> Iterator[str]:
    """Types given to `Subject` and to what refuses a page, and those of models of other names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            place = {"Subject": 0, "not_found": 1, "no_page": 1, "member_view": 1}.get(
                ast.unparse(node.func).rpartition(".")[2]
            )
            given = node.args[place : place + 1] if place is not None else []
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in TYPES:
            given = [node.value]
        else:
            continue
        yield from (one.value for one in given if isinstance(one, ast.Constant))


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_every_kind_of_object_has_words(language: str) -> None:
    assert {"application", "issuing_ca", "events", "login", "approvers"} <= kinds()
    with translation.override(language):
        shown = {kind: event_names.object_words(kind, "17") for kind in kinds()}
    assert not [kind for kind, words in shown.items() if words in {f"{kind} 17", " 17"}]


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_the_words_of_objects_are_translated(language: str) -> None:
    with translation.override("en"):
        english = {kind: str(words) for kind, words in event_names.OBJECTS.items()}
    with translation.override(language):
        same = {kind for kind, words in event_names.OBJECTS.items() if str(words) == english[kind]}
    assert same <= {"organisation", "person", "session"}  # Swedish says the same
