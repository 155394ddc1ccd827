"""The table of an order's fields knows every column, and what derives from it agrees."""

import json

import pytest

from applications.models import Application, HostName
from applications.models.kept import OF_ERASED_ORDER
from applications.rules import fields, sections
from applications.rules.declarations import PUBLISHED
from applications.services.system import erase
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.database.kept_tables import keeping
from tests.free_columns import free_columns

ROWS = [
    relation
    for relation in Application._meta.related_objects
    if relation.related_model._meta.app_label == "applications" and relation.get_accessor_name()
]
# The keys of submissions that were sent and hashed before today: they never change or go.
KEYS = {
    *("attachments", "business_id", "certified_email", "conformity_class", "conformity_number"),
    *("conformity_system_name", "conformity_valid_until", "conformity_version", "contact_email"),
    *("contact_name", "contact_phone", "csr", "csr_by", "declarations", "declared", "deliver_to"),
    *("deputy_email", "deputy_name", "host_names", "language", "mailbox", "mailbox_proved_at"),
    *("number", "order", "organisation", "organisation_spelling", "person", "person_name"),
    *("purpose", "record_kind", "record_oid", "record_version", "start", "submitted_at"),
    *("system_name", "system_oid", "system_oid_reason"),
    *("technical_email", "technical_language", "technical_name"),
    *("technical_organisation", "type", "unit", "unit_spelling", "validity_months"),
}
# Keys that came later; none of them changes or goes either.
NEW = {"names_by"}


# What an order belongs to: a replacement belongs to the same.
BELONGING = {"organisation", "created_by", "language", "submitted_at"}


def test_every_column_of_an_order_is_in_the_table_once():
    columns = [field.name for field in Application._meta.concrete_fields]
    known = [one.name for one in fields.FIELDS if one.is_column]
    known += [*fields.JOURNEY, *BELONGING, *fields.CHOSEN]
    assert sorted(known) == sorted(columns)


def test_every_column_of_a_host_name_is_in_the_table():
    columns = {field.name for field in HostName._meta.concrete_fields}
    assert columns - {"id", "application"} == set(fields.HOST_NAME)


# Their rows go with the order, or are made of it anew.
GONE = {"attachments", "contact_links", "papers", "search_entry"}
# What else a row of an order says of nobody.
OF_NOBODY = {
    *("HostName.name", "Package.message_id", "Csr.uploaded_by"),
    # An OID or a host name, and the signature of a passkey.
    *("Waiver.params", "Waiver.assertion"),
}


@pytest.mark.parametrize("relation", ROWS, ids=lambda one: one.get_accessor_name())
def test_free_text_and_addresses_in_an_order_s_rows_are_erased(relation):
    model = relation.related_model
    free = {name for name in free_columns(model) if f"{model.__name__}.{name}" not in OF_NOBODY}
    if model is HostName:
        assert free == {name for name, mark in fields.HOST_NAME.items() if fields.PERSONAL in mark}
    elif relation.get_accessor_name() not in GONE and free:
        assert free <= {*keeping(model).erased, *keeping(model).rewritten}
        assert keeping(model).erasable == OF_ERASED_ORDER


def test_every_part_has_fields_and_every_field_a_part_and_a_name():
    parts = {section.id for section in sections.SECTIONS}
    assert {one.part for one in fields.FIELDS} - {""} == parts
    assert [one.key for one in fields.FIELDS if one.label is None] == ["record_kind"]


@pytest.mark.parametrize("kind", ["server", "system_signature", "email"])
def test_a_submission_holds_every_field_of_its_parts_under_the_keys_of_old(matti, kind):
    order = orders.submitted(matti, kind)
    content = json.loads(order.submission.content)
    asked = sections.asked(order, on=clock.day(clock.now()))
    wanted = {one.key for part in asked for one in fields.of(part.id)}
    assert wanted <= content.keys() & (KEYS | NEW)
    assert content.keys() - KEYS - NEW == {"subject"}
    # What came later: documents with an answer, and what the operator may have published.
    later = {"subject", "answer_documents", *PUBLISHED}
    assert {one.key for one in fields.FIELDS} <= KEYS | NEW | later


def test_erasing_empties_what_is_personal_and_nothing_else(matti):
    order = orders.submitted(matti)
    phone = {"contact_name": "Matti Meikäläinen", "contact_phone": "040 1234567"}
    Application.objects.filter(pk=order.pk).update(**phone)
    before = {one.name: one.value(Application.objects.get(pk=order.pk)) for one in columns()}
    erase.erase(order.pk, now=clock.now())
    order.refresh_from_db()
    for one in columns():
        kept = "" if fields.PERSONAL in one.marks else before[one.name]
        assert one.value(order) == kept


def columns():
    return [one for one in fields.FIELDS if one.is_column]
