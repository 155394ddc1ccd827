from datetime import date

import pytest

from accounts.register.source.codeserver_api import Malformed
from accounts.register.source.intermediaries import read_list


def read(**entry):
    return read_list({"intermediaries": [entry]})[0]


def test_an_entry_is_read_with_open_and_set_ends():
    row = read(businessId="9900022-9", name=" Välitys  Oy ", begin="2024-06-01", end="2100-12-31")
    assert row.oid == "1.2.246.10.99000229"
    assert (row.business_id, row.long_name) == ("9900022-9", "Välitys Oy")
    assert (row.valid_from, row.valid_to) == (date(2024, 6, 1), None)


def test_an_oid_alone_is_enough_and_other_fields_are_kept():
    row = read(oid="1.2.246.556.1", name="Välitys", note="Huomaa")
    assert (row.oid, row.business_id, row.attributes) == ("1.2.246.556.1", "", {"note": ["Huomaa"]})


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "Ilman tunnistetta"},
        {"businessId": "2077474-1", "name": "Väärä tarkiste"},
        {"businessId": "9900022-9"},
        {"businessId": "9900022-9", "name": "\U00013441"},
        {"oid": "x", "name": "Ei OID"},
        {"oid": "1.2.3", "name": "Väärä päivä", "end": "32.12.2024"},
        "teksti",
    ],
)
def test_an_entry_that_cannot_be_told_apart_is_refused(entry):
    with pytest.raises(Malformed):
        read_list({"intermediaries": [entry]})


@pytest.mark.parametrize("document", [None, [], {}, {"intermediaries": "a"}])
def test_another_document_is_refused(document):
    with pytest.raises(Malformed):
        read_list(document)


def test_invisible_characters_are_taken_out():
    row = read(
        businessId="9900022-9",
        name="\u202eVälitys\0 Oy\u2069",
        note="Huo\x1bmaa",
        empty="\u202e",
        unseen="\u200b",
        **{"\u202e": "a"},
    )
    assert (row.long_name, row.attributes) == ("Välitys Oy", {"note": ["Huomaa"]})
    with pytest.raises(Malformed):
        read(businessId="9900022-9", name="\u202e \u2066")
