from datetime import date, timedelta

import pytest

from accounts.register.lookup import queries
from accounts.register.lookup.queries import Reason
from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind
from accounts.register.source.rows import Row

from .conftest import CLINICS, COUNTY, ENDED, NOW, PHARMACY, TODAY

LATER = NOW + timedelta(days=30)
OID = "1.2.246.10.99000018.10.0"
SOTE = Kind.SOTE_UNIT


def names(records):
    return [record.long_name for record in records]


def bring(*rows, now=NOW):
    imports.import_rows(SOTE, rows, Source("test"), now=now)


def test_an_organisations_units_come_provider_first_then_as_finns_sort(sample):
    found = names(queries.find_units(COUNTY, on=TODAY))
    assert found[0] == "Järvi-Suomen hyvinvointialue"
    assert found[1] == "Apuvälinekeskus"
    assert found[-3:] == ["Åströmin palvelukeskus", "Äyrälän terveysasema", "Öljymäen neuvola"]


def test_ended_deleted_and_coming_units_are_not_among_those_to_order_for(sample):
    found = names(queries.find_units(CLINICS, on=TODAY))
    assert "Koivupiha Kuopio" not in found  # ended 30.6.2024
    assert "Koivupiha Joensuu" not in found  # begins 1.2.2027
    assert "Koivupiha Joensuu" in names(queries.find_units(CLINICS, on=date(2027, 2, 1)))
    assert "Koivupiha Kuopio" in names(queries.find_units(CLINICS, on=date(2024, 6, 30)))
    assert "Vanha tietohallinto" not in names(queries.find_units(COUNTY, on=TODAY))
    assert "Vanha tietohallinto" in names(queries.all_units(COUNTY, on=TODAY))


def test_the_business_id_is_taken_in_any_form(sample):
    assert queries.find_units("FI99000018", on=TODAY) == queries.find_units(PHARMACY, on=TODAY)
    assert queries.find_units("2077474-1", on=TODAY) == []
    assert queries.find_units("2077474-0", on=TODAY) == []


def test_the_provider_is_unit_zero_while_it_stands(sample):
    assert queries.find_provider(PHARMACY, TODAY).oid == OID
    assert queries.find_provider(ENDED, TODAY) is None
    assert queries.find_provider(ENDED, date(2025, 5, 31)).long_name == "Entinen Lääkäriasema Oy"


def test_the_real_rows_are_in_the_sample(sample):
    assert queries.find_provider("3251568-2", TODAY).long_name == "Ratinan Terveys Oy"
    assert queries.find_provider("3221308-6", TODAY).long_name == "Pirkanmaan hyvinvointialue"
    assert (
        queries.get_record("1.2.246.10.2085212.10.1306", on=TODAY).long_name == "SoTe ky Saarikka"
    )


def test_everything_invented_in_the_sample_says_so(sample):
    real = {"3251568-2", "0828618-9", "0208521-2", "3221308-6", "1000054-9"}
    records = queries.RegisterRecord.objects.filter(kind=SOTE).exclude(business_id__in=real)
    assert len(records) > 50
    assert all(r.attributes["Huomautus"] == ["Keksitty esimerkki"] for r in records)


def test_an_intermediary_is_found_by_oid_or_business_id(sample):
    standing = queries.find_intermediary("9900022-9", TODAY)
    assert standing == queries.find_intermediary(standing.oid, TODAY)
    assert standing.is_standing(TODAY)
    assert standing.sector is None
    assert not queries.find_intermediary("9900024-5", TODAY).is_standing(TODAY)
    assert queries.find_intermediary(PHARMACY, TODAY) is None
    assert queries.find_intermediary("", TODAY) is None


@pytest.mark.parametrize(
    ("row", "on", "reason"),
    [
        (Row(OID), TODAY, Reason.STANDING),
        (Row(OID, valid_to=TODAY), TODAY, Reason.STANDING),
        (Row(OID, valid_from=TODAY), TODAY, Reason.STANDING),
        (Row(OID, valid_to=TODAY - timedelta(days=1)), TODAY, Reason.ENDED),
        (Row(OID, valid_from=TODAY + timedelta(days=1)), TODAY, Reason.NOT_YET),
        (Row(OID, status="DELETED"), TODAY, Reason.NOT_ACTIVE),
        (Row(OID, status="PROPOSAL"), TODAY, Reason.NOT_ACTIVE),
    ],
)
@pytest.mark.django_db
def test_standing_names_its_reason_and_its_record(row, on, reason):
    bring(row)
    standing = queries.standing(OID, SOTE, on)
    assert (standing.ok, standing.reason) == (reason is Reason.STANDING, reason)
    assert standing.record.oid == OID


@pytest.mark.django_db
def test_a_unit_that_left_the_register_is_told_from_one_never_there():
    bring(Row(OID, "Apteekki"), Row("1.2.3"))
    bring(Row("1.2.3"), now=LATER)
    removed = queries.standing(OID, SOTE, TODAY)
    assert (removed.reason, removed.record.long_name) == (Reason.REMOVED, "Apteekki")
    assert queries.get_record(OID, on=TODAY) is None
    assert queries.standing("1.2.4", SOTE, TODAY) == queries.Standing(False, Reason.UNKNOWN, None)
    assert queries.standing(OID, Kind.INTERMEDIARY, TODAY).reason is Reason.UNKNOWN


@pytest.mark.django_db
def test_of_units_that_left_the_register_the_last_known_names_count():
    gone = [f"1.2.246.10.99000018.10.{number}" for number in range(1, 4)]
    bring(*(Row(oid, f"Vanha {oid}") for oid in gone), Row(OID, "Apteekki"))
    bring(*(Row(oid, f"Uusi {oid}") for oid in gone), Row(OID, "Apteekki"), now=LATER)
    bring(Row(OID, "Apteekki"), now=LATER + timedelta(days=1))
    found = queries.standings([OID, *gone, "1.2.4"], SOTE, TODAY)
    assert found[OID].ok
    assert found["1.2.4"] == queries.Standing(False, Reason.UNKNOWN, None)
    for oid in gone:
        assert found[oid] == queries.standing(oid, SOTE, TODAY)
        assert (found[oid].reason, found[oid].record.long_name) == (Reason.REMOVED, f"Uusi {oid}")


@pytest.mark.django_db
def test_of_several_validity_periods_the_one_of_the_day_counts():
    bring(
        Row(OID, "Ennen", valid_to=date(2026, 12, 31)),
        Row(OID, "Jälkeen", valid_from=date(2027, 1, 1)),
    )
    assert queries.get_record(OID, on=TODAY).long_name == "Ennen"
    assert queries.get_record(OID, on=date(2027, 1, 1)).long_name == "Jälkeen"
    assert queries.standing(OID, SOTE, TODAY).ok


@pytest.mark.django_db
def test_the_mirror_remembers_what_it_knew_when():
    bring(Row(OID, "Vanha nimi"))
    bring(Row(OID, "Uusi nimi", valid_to=TODAY), now=LATER)
    then = queries.as_of(OID, on=TODAY, known_at=NOW + timedelta(days=1))
    assert (then.long_name, then.valid_to) == ("Vanha nimi", None)
    assert queries.as_of(OID, on=TODAY, known_at=LATER).long_name == "Uusi nimi"
    assert queries.as_of(OID, on=TODAY, known_at=NOW - timedelta(seconds=1)) is None
    assert names(queries.history(OID)) == ["Uusi nimi", "Vanha nimi"]


@pytest.mark.django_db
def test_the_age_counts_from_the_last_import_that_succeeded():
    assert queries.register_age(NOW) is None
    bring(Row(OID))
    failed = imports.begin(SOTE, Source("test"), now=NOW + timedelta(hours=5))
    imports.fail(failed, "down", now=NOW + timedelta(hours=5))
    assert queries.register_age(NOW + timedelta(hours=6)) == timedelta(hours=6)
    assert queries.register_age(NOW, kind=Kind.INTERMEDIARY) is None
