"""The runner: `python -m tests.rolling [REF] [--orders N] [--rules VERSION]`."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

DATABASE = "portal_rolling"


def new_database() -> None:
    """Name a new, empty database in DATABASE_URL."""
    address = os.environ["DATABASE_URL"]
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection.close()
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(address)._replace(path=f"/{DATABASE}"))


def main() -> int:
    """Run the upgrade and print what was seen; return 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(prog="portal rolling")
    parser.add_argument("ref", nargs="?", default="", help="the version before")
    parser.add_argument("--orders", type=int, default=40)
    parser.add_argument("--rules", default="", help="its rule set, if not its own: 2026.1")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    new_database()
    import django

    django.setup()
    from tests.rolling import trees, upgrade

    data = Path(os.environ["PORTAL_DATA"], "upgrade").resolve()
    shutil.rmtree(data, ignore_errors=True)
    try:
        commit = trees.commit_of(options.ref)
    except trees.NoSuchVersion as error:
        print(f"portal rolling: {error}", file=sys.stderr)
        return 1
    before = trees.make(commit, data / "before", rules=options.rules)
    print(f"From {commit[:10]} to this checkout; migrations between:")
    print("\n".join(f"  {each}" for each in trees.migrations_since(commit)) or "  none")
    return upgrade.run(before, data, options.orders)


if __name__ == "__main__":
    sys.exit(main())
