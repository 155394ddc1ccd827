import pytest
from django.db import connection

from accounts.register.lookup.folding import collation_key, fold, words_of
from accounts.register.lookup.search import _like, search_units

from .conftest import COUNTY, TODAY


def found(query, **options):
    return [record.long_name for record in search_units(query, on=TODAY, **options)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("hels apt 6", "Helsingin VI apteekki"),
        ("Helsingin VI", "Helsingin VI apteekki"),
        ("helsinki apteekki 11", "Helsingin XI apteekki"),
        ("koivupiha tur", "Koivupiha Turku"),
        ("semeikan", "Šemeikan lääkäriasema, Lappeenranta"),
        ("Šemeikan", "Šemeikan lääkäriasema, Lappeenranta"),
        ("zilinsky", "Fysioterapia Žilinský"),
        ("esbo apotek", "Espoon IV apteekki"),
        ("esbo apt", "Espoon IV apteekki"),
        ("tku apt", "Turun II apteekki"),
        ("Osuuskunta Yhteinen Polku", "Perhekuntoutuksen, työhyvinvoinnin"),
        ("dearvvasvuodabalvalusat", "Anára dearvvašvuođabálvalusat Oy"),
        ("3221308-6", "Pirkanmaan hyvinvointialue"),
        ("32213086", "Pirkanmaan hyvinvointialue"),
        ("32213", "Pirkanmaan hyvinvointialue"),
        ("3221308-", "Pirkanmaan hyvinvointialue"),
        ("3221308\u20136", "Pirkanmaan hyvinvointialue"),
        ("FI32213086", "Pirkanmaan hyvinvointialue"),
        ("urn:oid:1.2.246.10.32515682.10.0", "Ratinan Terveys Oy"),
        ("1.2.246.10.32515682.10.0", "Ratinan Terveys Oy"),
        ("1.2.246.10.3251", "Ratinan Terveys Oy"),
    ],
)
def test_people_find_what_they_mean(sample, query, first):
    assert found(query)[0].startswith(first)


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("Ratinnan Tervys", "Ratinan Terveys Oy"),
        ("saarika", "SoTe ky Saarikka"),
        ("pirkanman hyvinvontialue", "Pirkanmaan hyvinvointialue"),
        ("koivupihta tamere", "Koivupiha Tampere"),
        ("mariehams helsocentral", "Mariehamns hälsocentral, Exempelgatan"),
    ],
)
def test_typing_errors_are_mended(sample, query, meant):
    assert meant in found(query)


def test_the_swedish_name_of_a_town_finds_its_units_with_or_without_the_ring(sample):
    assert found("Åbo") == found("abo")
    assert "Turun II apteekki" in found("Åbo")


def test_current_units_come_before_ended_ones(sample):
    records = search_units("terveysasema", on=TODAY)
    standing = [record.is_standing(TODAY) for record in records]
    assert standing == sorted(standing, reverse=True)
    assert records[-1].long_name == "Lepikon terveysasema"


def test_a_search_can_stay_within_one_organisation(sample):
    assert found("vi", business_id="9900001-8") == [
        "Helsingin VI apteekki",
        "Helsingin VI apteekki, Sörnäisten sivuapteekki",
    ]
    assert found("apteekki", business_id=COUNTY) == []
    assert found("apteekki", business_id="2077474-1") == []


def test_the_list_is_no_longer_than_asked_and_holds_no_unit_twice(sample):
    assert len(found("koivupiha", limit=5)) == 5
    everything = search_units("koivupiha", on=TODAY, limit=100)
    assert len({record.oid for record in everything}) == len(everything) == 12


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "!",
        "'",
        "' | '",
        "%",
        "_",
        "1.2.%",
        "\0",
        ":*",
        "&",
        "\\",
        "a" * 5000,
        "🏥",
        "...",
    ],
)
def test_no_input_breaks_the_search(sample, query):
    assert len(found(query)) <= 20


def test_intermediaries_are_not_among_the_units(sample):
    assert found("Esimerkki Kanta-välitys") == []


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Åbo, VI", "abo vi"),
        ("Lääkäri-asema", "laakari asema"),
        ("STRASSE Straße", "strasse strasse"),
        ("Ŋuohtti Ø", "nuohtti o"),
        ("Terveys\u00adasema", "terveysasema"),
        ("", ""),
    ],
)
def test_folding_keeps_words_and_drops_marks(text, folded):
    assert fold(text) == folded


def test_roman_numbers_are_found_as_numbers_too():
    found_by = words_of("Vasa III apotek", "", "905", "Vaasa")
    assert found_by == {"3", "apotek", "iii", "vaasa", "vasa"}


def test_v_and_w_are_apart_and_u_with_dots_is_y():
    given = ["Öljy", "Wasa", "Ängel", "Zeta", "Üla", "Åbo", "Ylä", "Valio", "Vasa", "Xylo"]
    assert " ".join(sorted(given, key=collation_key)) == (
        "Valio Vasa Wasa Xylo Üla Ylä Zeta Åbo Ängel Öljy"
    )


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["a\\b", "a%b", "a_b", "a\\%", "\\"])
def test_a_pattern_matches_what_begins_with_the_text_and_nothing_else(text):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s LIKE %s, %s LIKE %s", [f"{text}x", _like(text), "ab", _like(text)]
        )
        assert cursor.fetchone() == (True, False)
