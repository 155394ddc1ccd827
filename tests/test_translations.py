"""Every string has its Finnish and Swedish words, and the catalogues hold just what is used."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parent.parent
SOURCES = ["accounts", "applications", "certportal", "issuance", "templates"]


def entries(po: Path, *options: str) -> set[str]:
    """Return the msgids that msgattrib lets through."""
    command = ["msgattrib", "--no-wrap", "--no-obsolete", *options, str(po)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    joined = text.replace('"\n"', "")
    return {found for found in re.findall(r'^msgid "(.*)"$', joined, re.MULTILINE) if found}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Catalogues made anew from the sources, in a copy."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for language in ("fi", "sv"):
        (copy / "locale" / language / "LC_MESSAGES").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(copy)
        options = {"extensions": ["html", "txt", "py"], "no_location": True, "verbosity": 0}
        call_command("makemessages", locale=["fi", "sv"], **options)
    return copy / "locale"


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_no_string_lacks_words(language):
    po = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    assert entries(po, "--untranslated") == set()
    assert entries(po, "--only-fuzzy") == set()
    subprocess.run(["msgfmt", "--check-format", "-o", "/dev/null", str(po)], check=True)


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_the_catalogue_holds_what_the_sources_say(language, fresh):
    committed = entries(ROOT / "locale" / language / "LC_MESSAGES" / "django.po")
    assert committed == entries(fresh / language / "LC_MESSAGES" / "django.po")
