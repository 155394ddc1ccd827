"""The check of words that texts for users do not use."""

from pathlib import Path

import pytest

from tests.portal.refused_words import main

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def catalogue(folder: Path, entry: str, language: str = "fi") -> str:
    file = folder / language / "LC_MESSAGES" / "django.po"
    file.parent.mkdir(parents=True)
    file.write_text(HEAD + entry)
    return str(file)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('msgid "Prepared anew"\nmsgstr "Valmisteltu uudelleen"\n', "en: 'anew', use 'again'"),
        ('msgid "Mend it first"\nmsgstr "Korjaa se ensin"\n', "en: 'Mend', use 'fix'"),
        ('msgid "Ends at 4"\nmsgstr "Päättyy kello 4"\n', "fi: 'kello 4', use 'klo'"),
        (
            'msgid "One"\nmsgid_plural "Many"\n'
            'msgstr[0] "Yksi"\nmsgstr[1] ""\n"Teille "\n"monta"\n',
            "fi: 'Teille', use 'sinä'",
        ),
        (
            'msgid "Send the request"\nmsgstr "Lähetä täydennyspyyntö"\n',
            "fi: 'täydennyspyyntö', use 'lisätietopyyntö'",
        ),
        ('msgid "Your units"\nmsgstr "Yksikkönne"\n', "fi: 'Yksikkönne', use 'sinä'"),
    ],
)
def test_a_refused_word_is_told_with_the_word_to_use(
    entry: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([catalogue(tmp_path, entry)]) == 1
    assert told in capsys.readouterr().out


def test_in_a_new_language_no_word_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = 'msgid "The certificate goes there"\nmsgstr "Sertifikaat läheb sinna"\n'
    assert main([catalogue(tmp_path, entry, "et")]) == 0
    assert capsys.readouterr().out == "No text uses a refused word.\n"


def test_other_texts_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = 'msgid "The certificate goes there"\nmsgstr "Palvelinvarmenne viedään sinne"\n'
    assert main([catalogue(tmp_path, entry)]) == 0
    assert capsys.readouterr().out == "No text uses a refused word.\n"
