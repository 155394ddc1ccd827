import pytest

from issuance.certificate.hosts import certified_problem
from issuance.certificate.names import foreign_characters, is_oid, is_tidy


@pytest.mark.parametrize("name", ["Åbo hälsostation", "Säätiö (sr) n:o 5", "Café Ñandú & Co."])
def test_letters_of_iso_8859_1_are_permitted(name: str) -> None:
    assert foreign_characters(name) == []


@pytest.mark.parametrize(
    ("name", "foreign"),
    [
        ("Šakki Žoldak Šš", ["Š", "Ž", "š"]),
        ("Apteekki\u00a0Oy", ["\u00a0"]),
        ("Apteek\u00adki", ["\u00ad"]),
        ("Apteekki\x00", ["\x00"]),
        ("Аптека", ["А", "п", "т", "е", "к", "а"]),
        ("Apteekki – Oy", ["–"]),
    ],
)
def test_every_other_character_is_named_once(name: str, foreign: list[str]) -> None:
    assert foreign_characters(name) == foreign


@pytest.mark.parametrize(
    "name", ["", " Apteekki", "Apteekki ", "Apteekki  Oy", ": Sairaala", "A\u0308itsa", "\tA"]
)
def test_untidy_names(name: str) -> None:
    assert not is_tidy(name)


def test_tidy_name() -> None:
    assert is_tidy("Ähtärin 1. apteekki (sivu)")


@pytest.mark.parametrize("name", ["kanta.example.fi", "xn--hyv-tla.fi", "a-1.b.c.fi"])
def test_host_names(name: str) -> None:
    assert certified_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "*.example.fi",
        "Kanta.example.fi",
        "kanta_1.example.fi",
        "-a.example.fi",
        "a-.example.fi",
        "kanta.example.fi.",
        "a..fi",
        "10.0.0.1",
        "hyvä.fi",
        "matti@example.fi",
        "a" * 64 + ".fi",
        ("a" * 60 + ".") * 5 + "fi",
        "kanta.example.fi\n",
        "",
    ],
)
def test_what_is_no_host_name(name: str) -> None:
    assert certified_problem(name) is not None


def test_oids() -> None:
    assert is_oid("1.2.246.10.2048198.12.1")
    for value in ("1.2", "3.1.2", "1.02.3", "1.2.246.", "1,2,3", "1.2.3\n"):
        assert not is_oid(value)
