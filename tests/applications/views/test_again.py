"""A new order on the basis of an earlier one: what is copied, and from test to production."""

import pytest

from applications import services
from applications.models import Application
from certportal.dev.builders import orders
from certportal.dev.builders.register import change


def test_a_new_order_on_the_basis_of_an_earlier_one_copies_all_but_the_key(web, matti, address):
    earlier = orders.submitted(matti)
    web.post(address("applications:again", earlier.pk), {"version": earlier.version})
    draft = Application.objects.get(status="draft")
    assert [host.name for host in draft.host_names.all()] == [
        host.name for host in earlier.host_names.all()
    ]
    assert draft.csr is None


@pytest.mark.parametrize(("renamed", "kept"), [(False, "Lodz apteekki"), (True, "")])
def test_a_spelling_is_not_copied_for_another_name(web, matti, address, renamed, kept):
    change(orders.UNIT, long_name="Łódź apteekki")
    earlier = orders.draft(matti)
    spelled = {"organisation_spelling": "Lodz apteekki"}
    services.save_section(earlier.pk, "unit", spelled, **orders.Handler(matti, earlier).seen)
    orders.upload(matti, earlier, orders.openssl_csr())
    orders.submit(matti, earlier)
    if renamed:
        change(orders.UNIT, long_name="Gdańsk apteekki")
    web.post(address("applications:again", earlier.pk), {"version": earlier.version})
    assert Application.objects.get(status="draft").organisation_spelling == kept


def test_a_test_order_becomes_the_production_order_in_one_step(web, address, matti):
    tried = orders.with_csr(matti, "test_server")
    assert (
        "Begin a production order: Server certificate"
        in web.get(address("applications:again", tried.pk)).text
    )
    given = {"version": tried.version, "production": "1"}
    web.post(address("applications:again", tried.pk), given)
    draft = Application.objects.exclude(pk=tried.pk).get()
    assert (draft.type, draft.csr, draft.record_oid) == ("server", None, tried.record_oid)
    names = {host.name for host in tried.host_names.all()}
    assert {host.name for host in draft.host_names.all()} == names


def test_a_production_order_has_no_such_button(web, address, matti):
    earlier = orders.with_csr(matti)
    page = web.get(address("applications:again", earlier.pk)).text
    assert 'name="production"' not in page
