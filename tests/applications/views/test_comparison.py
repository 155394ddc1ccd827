"""The three columns explain every difference, lengths and characters included."""

import pytest

from applications.models import Csr
from applications.views.shared.comparison import Cell, _registered, comparison
from certportal.dev.builders import orders
from certportal.foundation import clock

KEY = {"kind": "EC", "curve": "P-256", "bits": 256}


@pytest.mark.parametrize(
    ("known", "certified", "verdict", "says"),
    [
        ("A" * 70, "A" * 20, "differs", "70"),
        ("Šibenik Łódź Oy", "Sibenik Lodz Oy", "differs", "Ł"),
        ("Käpylän apteekki", "", "left_out", "."),
    ],
)
def test_a_name_written_in_another_way_is_explained(known, certified, verdict, says):
    cell = _registered(known, certified)
    assert cell.verdict == verdict
    assert says in cell.note


def test_a_name_that_stands_as_it_is_needs_no_words():
    assert _registered("Käpylän apteekki", "Käpylän apteekki") == Cell("Käpylän apteekki")


@pytest.mark.usefixtures("english")
def test_what_nobody_has_filled_in_yet_is_not_called_none(matti):
    draft = orders.begin(matti)
    report = {"csr": {"subject": [], "dns_names": ["erecept.example.fi"], "key": KEY}}
    rows = comparison(draft, Csr(report=report), now=clock.now())
    told = {row.label: [cell.verdict for cell in row.cells[1:]] for row in rows}
    for label in ("Organisation (O)", "Host names", "Name (CN)"):
        assert told[label] == ["unfilled", "unfilled"]
    assert "Unit (OU)" not in told  # of a server certificate
    whole = comparison(orders.draft(matti), Csr(report=report), now=clock.now())
    assert not [cell for row in whole for cell in row.cells if cell.verdict == "unfilled"]


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("asked", "verdict"),
    [("clientAuth, serverAuth", "same"), ("serverAuth", "differs"), ("", "")],
)
def test_what_the_request_wants_to_be_used_for_stands_beside_what_is_ordered(matti, asked, verdict):
    extension = {"label": "extendedKeyUsage", "value_text": asked}
    report = {"csr": {"subject": [], "dns_names": [], "key": KEY}}
    if asked:
        report["csr"]["requested_extensions"] = [extension]
    rows = comparison(orders.draft(matti), Csr(report=report), now=clock.now())
    (row,) = (row for row in rows if row.label == "Purpose of use")
    assert [cell.value for cell in row.cells] == [
        asked,
        "Both (server and client authentication)",
        "serverAuth, clientAuth",
    ]
    assert row.cells[0].verdict == verdict
