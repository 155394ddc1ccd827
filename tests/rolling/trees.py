"""The tree of the version before: made from git, with the packages that it names."""

import filecmp
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT

RULES = re.compile(r'^RULE_SET_VERSION = ".*"', re.MULTILINE)


class NoSuchVersion(Exception):
    """The history that this checkout has does not reach back to the version."""


def commit_of(ref: str) -> str:
    """Return the commit; without a name, the one before the last migration was added."""
    added = ["log", "-1", "--format=%H", "--diff-filter=A", "--", "*/migrations/0*.py"]
    wanted = ref or f"{_git(*added)}^"
    try:
        return _git("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}")
    except subprocess.CalledProcessError as error:
        shallow = _git("rev-parse", "--is-shallow-repository") == "true"
        more = (
            " This clone is shallow: git fetch --unshallow brings the history." if shallow else ""
        )
        raise NoSuchVersion(f"{wanted} is not in this checkout.{more}") from error


def migrations_since(commit: str) -> list[str]:
    """Return the migrations that this checkout has and the commit has not."""
    paths = "*/migrations/0*.py"
    then = set(_git("ls-tree", "-r", "--name-only", commit).splitlines())
    now = _git("ls-files", "--cached", "--others", "--exclude-standard", "--", paths).splitlines()
    return sorted(set(now) - then)


def make(commit: str, place: Path, *, rules: str = "") -> Path:
    """Lay the commit out in the place, ready to run; with `rules` as the version of its rules."""
    place.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", place], input=archive.stdout, check=True)
    for po in place.glob("locale/*/LC_MESSAGES/*.po"):
        subprocess.run(["msgfmt", "-o", po.with_suffix(".mo"), po], check=True)
    if rules:
        findings = place / "issuance/findings.py"
        text = findings.read_text()
        findings.write_text(RULES.sub(f'RULE_SET_VERSION = "{rules}"', text))
    _give_packages(place)
    return place


def _give_packages(place: Path) -> None:
    """Share this checkout's packages if the version names the same, else install its own."""
    if filecmp.cmp(ROOT / "requirements.txt", place / "requirements.txt", shallow=False):
        (place / ".venv").symlink_to((ROOT / ".venv").resolve())
        return
    subprocess.run([sys.executable, "-m", "venv", place / ".venv"], check=True)
    pip = [str(place / ".venv/bin/python"), "-m", "pip", "install", "-q", "--no-input"]
    lock = str(place / "requirements.txt")
    environment = os.environ | {"PIP_CONSTRAINT": "/dev/null"}
    subprocess.run([*pip, "--require-hashes", "-r", lock], env=environment, check=True)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
