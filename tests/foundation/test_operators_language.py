"""Commands speak the language of the operator: that of a setting, or else the terminal's."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError
from django.utils import translation

from certportal.foundation.management.operators import TERMINAL, language, words_of

NO_PLAN = {
    "fi": "Suunnitelmia ei ole; reissue plan tekee sellaisen.\n",
    "sv": "Det finns ingen plan; reissue plan gör en.\n",
    "en": "There is no plan; reissue plan makes one.\n",
}


@pytest.fixture
def spoken(monkeypatch):
    """Return how to choose what setting and terminal say."""

    def choose(setting="", **terminal):
        monkeypatch.setenv("OPERATOR_LANGUAGE", setting)
        for name in TERMINAL:
            monkeypatch.setenv(name, terminal.get(name, ""))

    return choose


def test_the_setting_comes_first_then_the_terminal_then_english(spoken):
    spoken("sv", LANG="fi_FI.UTF-8")
    assert language() == "sv"
    spoken(LANG="fi_FI.UTF-8")
    assert language() == "fi"
    spoken(LC_ALL="sv_FI", LANG="fi_FI.UTF-8")
    assert language() == "sv"
    for other in ("", "C.UTF-8", "de_DE.UTF-8"):
        spoken(LANG=other)
        assert language() == "en"


@pytest.mark.django_db
def test_a_command_answers_in_that_language_whichever_is_active(spoken):
    for code, words in NO_PLAN.items():
        spoken(code)
        out = StringIO()
        with translation.override("sv" if code == "fi" else "fi"):
            call_command("reissue", "show", stdout=out)
        assert out.getvalue() == words


@pytest.mark.django_db
def test_what_a_command_refuses_is_worded_in_it_too(spoken):
    said = {
        "publish_crl": "CA:ita ei ole vielä",
        "retire_ca": "CA:ta sote-rsa-9 ei ole",
        "sync_register": "Lähdettä ei ole",
    }
    spoken("fi")
    for command, words in said.items():
        arguments = ["sote-rsa-9", "--no-input"] if command == "retire_ca" else []
        with pytest.raises(CommandError, match=words):
            call_command(command, *arguments)


@pytest.mark.django_db
def test_what_was_done_is_told_in_it(spoken, tmp_path):
    file = tmp_path / "keys.txt"
    file.write_text(f"{'ab' * 32}\n")
    spoken("sv")
    told = {"block_keys": [str(file)], "retention": []}
    out = StringIO()
    for command, arguments in told.items():
        call_command(command, *arguments, stdout=out)
    assert "1 nya\n0 beställningar raderade" in out.getvalue()


class Told(Exception):
    """What psycopg2 raises: with the code of an answer, or without one."""

    def __init__(self, pgcode):
        super().__init__("why")
        self.pgcode = pgcode


@pytest.mark.parametrize(
    ("kind", "pgcode", "said"),
    [
        (OperationalError, None, "does not answer"),
        (ProgrammingError, "42P01", "run migrate"),
        (ProgrammingError, "42703", "run migrate"),
        (ProgrammingError, "42501", "may not do that"),
        (ProgrammingError, "42601", None),
    ],
)
def test_a_failure_of_the_database_is_worded_unless_it_is_a_defect_of_ours(kind, pgcode, said):
    error = kind("why\nmore")
    error.__cause__ = Told(pgcode)
    words = words_of(error)
    assert words is None if said is None else f"{said}" in words and "(why)" in words
