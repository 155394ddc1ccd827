"""Several questions in one statement, or compiled once, find what the ORM finds for each alone."""

import pytest
from django.db import connection
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from accounts.models import Person, StaffRole
from accounts.right_to_act import held
from applications.models import Application, HostName, Submission
from certportal.dev.builders import orders
from certportal.foundation.database.combined_queries import (
    Asks,
    Number,
    Question,
    Rows,
    Values,
    Wanted,
    ask_together,
    compiled_for,
    first,
    read_all,
)
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.database.related_rows import by_key, parts, related_row
from certportal.foundation.models import Event
from issuance.models import Approval, Certificate, PreparedCertificate

pytestmark = pytest.mark.django_db

MODELS = {
    Application: [
        *("organisation", "csr", "reviewer"),
        *("submission", "submission__person", "submission__record"),
    ],
    Submission: ["person", "record", "csr"],
    HostName: ["evidenced_by", "application"],
    PreparedCertificate: ["issuing_ca"],
    Certificate: ["issuing_ca", "prepared"],
    Approval: ["person", "prepared"],
    Event: [],
}


@Question
def every(model: type) -> Asks[list]:
    """Return all rows of a table with what they name."""
    return Rows(model.objects.order_by("-pk"), *MODELS[model]), list


@Question
def kinds() -> Asks[frozenset]:
    """Return which roles there are."""
    found = StaffRole.objects.values_list("kind", "person__family_name")
    return Values(found, 2), frozenset


@Question
def nobody() -> Asks[Person | None]:
    """Return nobody."""
    return Rows(Person.objects.none()), first


def values(row):
    """Return the columns of a row by name."""
    return {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields}


@pytest.fixture
def delivered(matti, riitta, cas):
    """A delivered order beside one that waits."""
    orders.in_review(matti)
    return orders.delivered(matti, riitta)


def test_the_answers_are_those_of_each_question_alone(delivered):
    alone = {model: every(model) for model in MODELS}, kinds()
    asked = [*(every.of(model) for model in MODELS), nobody.of(), kinds.of()]
    with one_reading():
        with CaptureQueriesContext(connection) as queries:
            ask_together(*asked)
            together = {model: every(model) for model in MODELS}, kinds()
            assert nobody() is None
        assert len(queries) == 1
    assert together[1] == alone[1]
    assert len(alone[1]) == 1
    for model, rows in alone[0].items():
        assert rows
        assert [values(one) for one in together[0][model]] == [values(one) for one in rows]


def test_rows_are_counted_in_the_statement_of_others_and_only_so_far(delivered):
    drafts = Application.objects.filter(status="draft")
    wanted = [
        *(Number(Application.objects.all(), most) for most in (None, 1)),
        Values(StaffRole.objects.values_list("kind")),
        *(Number(drafts), Number(drafts.none())),
    ]
    with CaptureQueriesContext(connection) as queries:
        found = read_all(*wanted)
    assert len(queries) == 1
    assert [sum(each) for each in (*found[:2], *found[3:])] == [2, 1, 0, 0]
    assert [each.alone() for each in wanted[:2]] == found[:2]


def test_one_question_is_answered_for_many_arguments_at_once(matti, kalle, pharmacy):
    calls = [(one, pharmacy) for one in (matti, kalle, matti)]
    alone = [held(*each) for each in calls]
    with one_reading(), CaptureQueriesContext(connection) as queries:
        held.of_each(calls)
        held.of_each([])
        assert [held(*each) for each in calls] == alone
        assert held(matti, pharmacy)[0].person == matti
    assert len(queries) == 1
    assert [len(each) for each in alone] == [1, 0, 1]


def test_what_a_row_names_is_read_with_it(delivered, django_assert_num_queries):
    with one_reading():
        ask_together(every.of(Application), every.of(HostName))
        with django_assert_num_queries(0):
            for order in every(Application):
                assert order.organisation.name
                assert order.submission.person.email
                assert order.submission.record.long_name
                assert (order.reviewer is None) == (order.reviewer_id is None)
            for host in every(HostName):
                assert host.application.number


def test_a_related_manager_has_its_rows_as_after_a_prefetch(delivered, django_assert_num_queries):
    order = Application.objects.get(pk=delivered.pk)
    ask_together(parts(order, "host_names"), parts(order, "requests", "reviewer"))
    with django_assert_num_queries(0):
        assert {one.application for one in order.host_names.all()} == {order}
        assert order.question is None
    assert order.host_names.filter(name="").count() == 0


def test_each_row_keeps_its_place(delivered):
    given: list[list] = []
    newest = Rows(Event.objects.order_by("-id")[:5])
    ask_together(Wanted(newest, given.append), Wanted(newest, given.append))
    assert given[0] == given[1] == list(Event.objects.order_by("-id")[:5])


def test_without_a_page_being_read_each_question_is_asked_anew(delivered):
    with CaptureQueriesContext(connection) as queries:
        assert kinds() == kinds()
    assert len(queries) == 2


@compiled_for("a name", "a language")
def people(name: str, language: str) -> Rows:
    """Return those of the name who read the language."""
    return Rows(Person.objects.filter(family_name=name, language=language))


def test_a_query_that_is_compiled_once_finds_for_each_call_what_the_orm_finds(delivered):
    persons = Person.objects.all()
    assert len(persons) > 1
    for person in persons:
        alike = persons.filter(family_name=person.family_name, language=person.language)
        found = people(person.family_name, person.language).alone()
        assert {each.pk: values(each) for each in found} == {
            each.pk: values(each) for each in alike
        }


def test_it_can_be_asked_together_with_others(delivered):
    person = Person.objects.first()
    found, roles = read_all(
        people(person.family_name, person.language),
        Values(StaffRole.objects.values_list("kind")),
    )
    assert person in found
    assert len(roles) == StaffRole.objects.count()


def test_a_query_that_is_more_than_its_parameters_is_not_compiled_once(db):
    @compiled_for("a name")
    def named(name: str) -> Rows:
        return Rows(Person.objects.filter(family_name=name.upper()))

    @compiled_for("a name")
    def sorted_for(name: str) -> Rows:
        return Rows(Person.objects.filter(family_name=name).order_by("pk" if name else "-pk"))

    for wrong, name in ((named, "Virtanen"), (sorted_for, "")):
        with pytest.raises(ValueError, match="more than parameters"):
            wrong(name)


def test_a_row_is_read_by_its_key_with_what_it_names(delivered, django_assert_num_queries):
    read = by_key(Application, "organisation", "submission", "submission__person")
    read(delivered.pk)
    with django_assert_num_queries(1):
        found = read(str(delivered.pk))
        assert found.organisation.name
        assert found.submission.person.family_name
    assert values(found) == values(Application.objects.get(pk=delivered.pk))
    assert read("00000000-0000-0000-0000-000000000009") is None


def test_the_row_of_a_foreign_key_is_read_once(delivered, django_assert_num_queries):
    order = Application.objects.get(pk=delivered.pk)
    with django_assert_num_queries(1):
        submission = related_row(order, "submission")
        assert related_row(order, "submission") is order.submission is submission
    assert submission == delivered.submission
    assert related_row(order, "reviewer") == delivered.reviewer
    order.submission = None
    assert related_row(order, "submission") is None
    with pytest.raises(Application.organisation.RelatedObjectDoesNotExist):
        related_row(Application(), "organisation")


@pytest.mark.django_db(transaction=True)
def test_a_row_is_locked_only_in_a_transaction():
    locked = by_key(Application, lock=True)
    with pytest.raises(TransactionManagementError):
        locked("00000000-0000-0000-0000-000000000009")
