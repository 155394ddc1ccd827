"""Commands speak the language of the operator: that of a setting, or else the terminal's."""

import ast
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError, connection
from django.utils import translation

from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.verifying import Finding, Kind
from certportal.foundation.management.operators import TERMINAL, language, words_of

ROOT = Path(__file__).parents[2]
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
        "publish_crl": "varmentajia ei ole vielä",
        "retire_ca": "varmentajaa sote-rsa-9 ei ole",
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


@pytest.mark.django_db
def test_what_a_backup_lacks_is_told_in_it(spoken, settings, tmp_path):
    settings.BACKUP_RECIPIENTS, settings.STORE_URL = "", ""
    refused = {
        "backup": ([str(tmp_path / "kopia")], "Ange --recipients FIL"),
        "restore": ([str(tmp_path), f"--identity={tmp_path}"], "är ingen fullständig säkerhets"),
        "copy_to_store": ([], "Ange STORE_URL"),
        "claim_store": ([], "Ange STORE_URL"),
    }
    spoken("sv")
    for command, (arguments, words) in refused.items():
        with pytest.raises(CommandError, match=words):
            call_command(command, *arguments)


@pytest.mark.django_db
def test_the_database_of_another_data_directory_is_refused_by_what_would_not_notice(
    monkeypatch, settings, tmp_path
):
    monkeypatch.setattr(connection.introspection, "table_names", list)
    for command, arguments in {"backup": [tmp_path], "retention": [], "verify_audit": []}.items():
        with pytest.raises(CommandError, match=f"not in {settings.PORTAL_DATA}, give PORTAL_DATA"):
            call_command(command, *arguments, skip_checks=False)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (
            PermissionError(13, "Permission denied", "/srv/journal"),
            "/srv/journal: Permission denied",
        ),
        (Unavailable("the key of the log is missing"), "the key of the log is missing"),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
)
@pytest.mark.django_db
def test_what_cannot_be_reached_is_told_without_a_traceback(failure, said, monkeypatch):
    def fail(**_asked):
        raise failure

    monkeypatch.setattr("issuance.services.reconcile", fail)
    with pytest.raises(CommandError, match=f"^{said}"):
        call_command("reconcile")


@pytest.mark.django_db
def test_differences_are_told_in_it_and_kept_in_one_form(spoken):
    spoken("fi")
    found = Finding(Kind.MISSING, "event 7")
    with translation.override(language()):
        assert found.words == "event 7: lokiin kirjattu tapahtuma puuttuu tietokannasta"
    assert str(found) == "event 7: a logged event is missing from the database"


WORDED = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}
SAID_BY = {"CommandError", "write", "BackupFailed", "input", "getpass"}


def sentences_of(file: Path) -> Iterator[str]:
    """Yield the English words that a command says as they stand, in no catalogue."""

    def unworded(node: ast.AST) -> Iterator[str]:
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id in WORDED:
            return
        said = node.value if isinstance(node, ast.Constant) else ""
        if isinstance(said, str) and re.search(r"[A-Za-z]+ [a-z]", said):
            yield f"{file.name}: {said}"
        for child in ast.iter_child_nodes(node):
            yield from unworded(child)

    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SAID_BY:
                yield from (words for each in node.args for words in unworded(each))


def test_no_command_has_a_sentence_of_its_own_outside_the_catalogues():
    files = [*ROOT.glob("*/management/**/*.py"), *ROOT.glob("*/*/management/**/*.py")]
    assert len(files) > len(NO_PLAN)
    files += (ROOT / "certportal/foundation/backup").glob("*.py")
    assert [words for file in sorted(files) for words in sentences_of(file)] == []


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
