"""To which order each of several certificate requests belongs: the one whose names it has."""

from applications.rules import request_matching
from applications.rules.request_matching import Why, match
from certportal.dev.builders import requests
from issuance.csr import ExpectedNames, examine


def made(*names):
    return examine(requests.request(requests.new_key(), *names)).csr


def hosts(*names):
    return ExpectedNames("Koivupiha", dns_names=names, common_name=names[0])


def system(unit):
    return ExpectedNames(
        "Koivupiha", unit=unit, common_name="Acute", serial_number="1.2.246.10.1.12.1"
    )


class Named:
    """A request with a subject, as the matching reads one."""

    dns_names = ()

    def __init__(self, **subject):
        self.subject = subject

    def values(self, label):
        return self.subject.get(label, [])


def test_a_request_goes_to_the_order_with_its_host_names():
    orders = {"a": hosts("a.example.fi"), "b": hosts("b.example.fi", "c.example.fi")}
    given = [made("C.example.fi", "b.example.fi"), made("a.example.fi"), None, made("x.example.fi")]
    found = match(given, orders)
    assert [one.order for one in found] == ["b", "a", None, None]
    assert [one.why for one in found] == [None, None, Why.UNREADABLE, Why.NO_ORDER]


def test_the_order_with_the_very_names_goes_before_one_that_has_them_among_others():
    orders = {"all": hosts("a.example.fi", "b.example.fi"), "one": hosts("a.example.fi")}
    assert [one.order for one in match([made("a.example.fi")], orders)] == ["one"]
    wide = match([made("a.example.fi", "b.example.fi", "c.example.fi")], orders)
    assert [one.order for one in wide] == ["all"]


def test_nobody_chooses_between_orders_or_requests_that_fit_equally():
    twins = {"a": hosts("a.example.fi"), "b": hosts("a.example.fi")}
    (found,) = match([made("a.example.fi")], twins)
    assert (found.order, found.why, found.equal) == (None, Why.SEVERAL_ORDERS, ("a", "b"))
    both = match([made("a.example.fi"), made("a.example.fi")], {"a": hosts("a.example.fi")})
    assert [(one.order, one.why) for one in both] == [(None, Why.SEVERAL_REQUESTS)] * 2


def test_systems_of_one_oid_are_told_apart_by_their_units():
    orders = {"north": system("Pohjoinen"), "south": system("Eteläinen")}
    signing = {"CN": ["acute"], "serialNumber": ["1.2.246.10.1.12.1"]}
    given = [Named(**signing, OU=["Eteläinen"]), Named(**signing), Named(O=["Koivupiha"])]
    found = match(given, orders)
    assert [one.order for one in found] == ["south", None, None]
    assert [one.why for one in found] == [None, Why.SEVERAL_ORDERS, Why.NAMELESS]


def test_a_request_is_compared_with_the_orders_that_share_a_name_with_it_alone(monkeypatch):
    """Five hundred files for as many orders are not a quarter of a million comparisons."""
    compared = []
    fit = request_matching._fit_of_hosts
    monkeypatch.setattr(
        request_matching, "_fit_of_hosts", lambda *both: compared.append(both) or fit(*both)
    )
    orders = {number: hosts(f"h{number}.example.fi", "all.example.fi") for number in range(1, 500)}
    orders[0] = hosts("h0.example.fi")
    given = [Named(CN=[f"H{number}.example.fi"]) for number in range(500)]
    assert [one.order for one in match(given, orders)] == list(range(500))
    assert len(compared) == 500
