"""The recipes of CONTRIBUTING.md name files that exist, and what is in them."""

import re

from tests.portal.named_in_docs import ROOT, named

RECIPES = re.sub(r"\s+", " ", (ROOT / "CONTRIBUTING.md").read_text())
FILE = r"[\w./-]+\.(?:py|html|po|sh|toml|yml)"
OF_FILE = re.compile(rf"`(\w+)(?:\(…\))?`(?:, `\w+`)* (?:of|in) `({FILE})`")
"""A name that is said to be in a file."""


def files_called(name):
    """Return the files with this path, or with this name in any folder of the source."""
    if (ROOT / name).is_file() or "/" in name:
        return [file for file in [ROOT / name] if file.is_file()]
    tops = ("accounts", "applications", "certportal", "issuance", "templates", "tests")
    return [file for top in tops for file in (ROOT / top).rglob(name)]


def test_every_file_that_a_recipe_names_exists():
    files = {name for name in named(RECIPES) if re.fullmatch(FILE, name)}
    assert len(files) > 100
    assert [name for name in files if not files_called(name)] == []


def test_every_name_is_in_the_file_that_the_recipe_names():
    pairs = OF_FILE.findall(RECIPES)
    assert len(pairs) > 15
    wrong = [
        (name, file)
        for name, file in pairs
        if not any(name in found.read_text() for found in files_called(file))
    ]
    assert wrong == []
