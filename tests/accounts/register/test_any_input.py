"""Whatever the source sends: a reason or rows, and rows come out of the mirror as they went in."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from accounts.register.lookup.search import search_units
from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind, RegisterRecord
from accounts.register.source import codeserver_api
from accounts.register.source.codeserver_api import Malformed
from accounts.register.source.rows import STATED

from .conftest import NOW, TODAY

OID = "1.2.246.10.99000018.10.0"
NAMES = st.sampled_from(
    [
        "LongName",
        "Abbreviation",
        "Sektori",
        "Sijainti kunta",
        "Y-Tunnus",
        "HierarchyLevel",
        "ParentId",
        "Uusi",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
ATTRIBUTES = st.lists(
    st.fixed_dictionaries({"attributeName": NAMES | SCALARS, "attributeValue": ANYTHING})
)
CODES = st.fixed_dictionaries(
    {},
    optional={
        "conceptCodeId": st.just(OID) | ANYTHING,
        "status": st.sampled_from(["ACTIVE", "DELETED"]) | ANYTHING,
        "beginDate": st.dates().map(str) | ANYTHING,
        "expirationDate": st.dates().map(str) | ANYTHING,
        "attributes": ATTRIBUTES | ANYTHING,
    },
)


@given(ANYTHING | st.fixed_dictionaries({"conceptCodes": st.lists(CODES | ANYTHING)}))
@settings(max_examples=300)
def test_any_document_gives_rows_or_a_reason(document):
    with suppress(Malformed):
        assert all(row.oid for row in codeserver_api.read_page(document).rows)


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.django_db
@given(st.dictionaries(NAMES, st.lists(TEXTS, max_size=2)), st.dates(), st.dates())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_read_comes_out_of_the_mirror_unchanged(attributes, begin, end):
    listed = [{"attributeName": k, "attributeValue": v} for k, v in attributes.items()]
    code = {"conceptCodeId": OID, "beginDate": str(begin), "expirationDate": str(end)}
    row = codeserver_api.read_code(code | {"attributes": listed})
    imports.import_rows(Kind.SOTE_UNIT, [row], Source("test"), now=NOW)
    record = RegisterRecord.objects.get(known_to=None)
    assert [getattr(record, name) for name in STATED] == [getattr(row, name) for name in STATED]
    again = imports.import_rows(Kind.SOTE_UNIT, [row], Source("test"), now=NOW)
    assert again.counts.changed == 0


@pytest.mark.django_db
@pytest.mark.parametrize("letter", ["a", "Ж", "院", "\ufdfa"])
def test_an_absurd_name_keeps_no_register_out_and_is_found(letter):
    listed = [{"attributeName": "LongName", "attributeValue": [letter * 5000]}]
    row = codeserver_api.read_code({"conceptCodeId": OID, "attributes": listed})
    imports.import_rows(Kind.SOTE_UNIT, [row], Source("test"), now=NOW)
    assert [one.oid for one in search_units(letter * 200, on=TODAY)] == [OID]


@pytest.mark.django_db
@given(st.text(max_size=30))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_is_answered(sample, query):
    assert len(search_units(query, on=TODAY)) <= 20
