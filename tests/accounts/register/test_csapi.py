import json
from datetime import date

import pytest

from accounts.register.source.codeserver_api import Malformed, read_code, read_page, without_repeats
from accounts.register.source.rows import Row

OID = "1.2.246.10.32515682.10.0"


def code(oid=OID, attributes=None, **fields):
    listed = [{"attributeName": k, "attributeValue": v} for k, v in (attributes or {}).items()]
    return {"conceptCodeId": oid, "attributes": listed, **fields}


def test_a_unit_is_read_with_all_its_fields():
    row = read_code(
        code(
            "1.2.246.10.32213086.10.17",
            {
                "LongName": ["Terveysasema"],
                "Abbreviation": ["Ta"],
                "ParentId": ["1.2.246.10.32213086.10.2"],
                "HierarchyLevel": ["2"],
                "PostAddress": ["PL 1"],
                "StreetAddress": ["Katu 1"],
                "PostNumber": ["33100"],
                "PostOffice": ["TAMPERE"],
                "Sektori": ["1 Julkinen"],
                "Sijainti kunta": ["837 Tampere"],
                "Y-Tunnus": ["32213086"],
                "Terv.palveluyksikkö": ["T"],
            },
            status="ACTIVE",
            beginDate="2023-01-01",
            expirationDate="2100-12-31",
        )
    )
    assert row == Row(
        oid="1.2.246.10.32213086.10.17",
        long_name="Terveysasema",
        abbreviation="Ta",
        parent_oid="1.2.246.10.32213086.10.2",
        provider_oid="1.2.246.10.32213086.10.0",
        business_id="3221308-6",
        sector=1,
        municipality_code="837",
        municipality_name="Tampere",
        post_address="PL 1",
        street_address="Katu 1",
        post_number="33100",
        post_office="TAMPERE",
        hierarchy_level=2,
        valid_from=date(2023, 1, 1),
        valid_to=None,
        attributes={"Terv.palveluyksikkö": ["T"]},
    )


def test_attributes_may_be_missing_empty_or_null():
    assert read_code({"conceptCodeId": OID}).long_name == ""
    assert read_code({"conceptCodeId": OID, "attributes": None}).sector is None
    row = read_code(code(attributes={"LongName": [], "Abbreviation": None, "Sektori": [""]}))
    assert (row.long_name, row.abbreviation, row.sector, row.attributes) == ("", "", None, {})


def test_unknown_attributes_are_kept():
    row = read_code(code(attributes={"Uusi tieto": ["a", "b"], "Org.Yks.lyhenne": ["X"]}))
    assert row.attributes == {"Uusi tieto": ["a", "b"], "Org.Yks.lyhenne": ["X"]}


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ("1 Julkinen", 1),
        ("2 Yksityinen", 2),
        ("2 yksityinen", 2),
        ("3 Yksityinen itseilmoitettu yksikkö", 3),
    ],
)
def test_the_sector_is_its_leading_digit(text, sector):
    assert read_code(code(attributes={"Sektori": [text]})).sector == sector


def test_values_that_cannot_be_read_stay_as_attributes():
    stated = {
        "ParentId": ["juuri"],
        "Sektori": ["Muu"],
        "HierarchyLevel": ["juuri"],
        "Y-Tunnus": ["2077474-1"],
    }
    row = read_code(code("1.2.246.556.1", stated))
    assert (row.sector, row.hierarchy_level, row.business_id) == (None, None, "")
    assert row.attributes == stated


@pytest.mark.parametrize(
    ("begin", "end", "period"),
    [
        ("1900-01-01", "2100-12-31", (None, None)),
        ("1900-01-01T00:00:01", "2100-12-31T23:59:59", (None, None)),
        ("1899-12-31", "9999-12-31", (None, None)),
        ("2020-02-29", "2024-06-30", (date(2020, 2, 29), date(2024, 6, 30))),
        (None, "", (None, None)),
    ],
)
def test_1900_and_2100_are_open_ends(begin, end, period):
    row = read_code(code(beginDate=begin, expirationDate=end))
    assert (row.valid_from, row.valid_to) == period


def test_text_is_cleaned_of_what_the_database_cannot_hold():
    row = read_code(code(attributes={"LongName": [" Ratinan\u0000  Terveys\n\tOy "]}))
    assert row.long_name == "Ratinan Terveys Oy"


def test_a_municipality_without_a_code_keeps_its_name():
    row = read_code(code(attributes={"Sijainti kunta": ["Koski Tl"]}))
    assert (row.municipality_code, row.municipality_name) == ("", "Koski Tl")


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"conceptCodes": {}},
        {"conceptCodes": [7]},
        {"conceptCodes": [{}]},
        {"conceptCodes": [{"conceptCodeId": "not an oid"}]},
        {"conceptCodes": [{"conceptCodeId": "1.2." + "3" * 130}]},
        {"conceptCodes": [{"conceptCodeId": OID, "attributes": "LongName"}]},
        {"conceptCodes": [{"conceptCodeId": OID, "beginDate": "31.12.2020"}]},
    ],
)
def test_what_could_change_the_mirror_silently_is_refused(document):
    with pytest.raises(Malformed):
        read_page(document)


def test_a_page_tells_its_place_in_the_whole():
    page = read_page(json.loads('{"conceptCodes": [], "page": 2, "totalItems": 7}'))
    assert (page.number, page.total_items, page.total_pages) == (2, 7, None)


def test_of_repeated_codes_the_active_one_stays_and_periods_are_kept_apart():
    first = Row("1.2.3", "Vanha", status="DELETED")
    active = Row("1.2.3", "Uusi")
    late = Row("1.2.3", "Poistettu", status="DELETED")
    other = Row("1.2.3", "Toinen aika", valid_from=date(2027, 1, 1))
    assert without_repeats([first, active, late, other]) == [active, other]


def test_a_page_that_is_written_can_be_read():
    page = read_page({"conceptCodes": [code()], "page": 1, "totalItems": 1})
    assert [row.oid for row in page.rows] == [OID]


def test_invisible_characters_are_taken_out_of_every_text():
    """An override would turn round what follows the name in a subject, a page or a certificate."""
    row = read_code(
        code(
            attributes={
                "LongName": ["\u202eTerveys\u2066asema\u2069\n \ud800Itä\0"],
                "PostOffice": ["\u202e"],
                "StreetAddress": ["\u3164"],
                "Abbreviation": ["\U0001d159"],
                "Lisä\u202etieto": ["a\x1bb"],
                "\u202e": ["c"],
            },
            status="\u202eactive",
        )
    )
    assert (row.long_name, row.post_office, row.status) == ("Terveysasema Itä", "", "ACTIVE")
    assert (row.street_address, row.abbreviation) == ("", "")
    assert row.attributes == {"Lisätieto": ["ab"]}
