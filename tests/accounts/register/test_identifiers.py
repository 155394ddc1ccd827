import pytest

from accounts.register import identifiers


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("2077474-0", "2077474-0"),
        ("20774740", "2077474-0"),
        ("FI20774740", "2077474-0"),
        (" 2077474-0 ", "2077474-0"),
        ("204819-8", "0204819-8"),
        ("2077474-1", None),
        ("", None),
        ("1.2.246", None),
        ("٢٠٧٧٤٧٤-٠", None),
    ],
)
def test_business_id_is_read_in_the_forms_people_write_it(typed, normal):
    assert identifiers.business_id(typed) == normal


@pytest.mark.parametrize(
    ("oid", "business_id", "provider"),
    [
        ("1.2.246.10.32515682.10.0", "3251568-2", "1.2.246.10.32515682.10.0"),
        ("1.2.246.10.2085212.10.1306", "0208521-2", "1.2.246.10.2085212.10.0"),
        ("1.2.246.10.10000541.10.0", None, "1.2.246.10.10000541.10.0"),
        ("1.2.246.556.2", None, None),
        ("1.2.246.10.32515682.19.0", None, None),
    ],
)
def test_a_units_oid_tells_its_business_id_and_provider(oid, business_id, provider):
    assert identifiers.business_id_of_oid(oid) == business_id
    assert identifiers.provider_oid(oid) == provider


def test_oids_are_dotted_numbers():
    assert identifiers.is_oid("1.2.246.10.32515682.10.0")
    assert not identifiers.is_oid("3.2.246")
    assert not identifiers.is_oid("1.2.246.")
    assert not identifiers.is_oid("1.02.3")
