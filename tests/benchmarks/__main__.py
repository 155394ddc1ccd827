"""The runner: `python -m tests.benchmarks NAME [--json]`."""

import argparse
import importlib
import logging
import os
from pathlib import Path

OWN = {"__init__", "__main__", "fixed", "harness", "invented", "issuing"}
OWN |= {"drivers", "many_orders", "packages", "processes"}


def main() -> None:
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in OWN)
    parser = argparse.ArgumentParser(prog="portal bench")
    parser.add_argument("name", choices=names)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    import django

    django.setup()
    logging.disable(logging.INFO)  # the table is what is wanted
    from tests import tables
    from tests.benchmarks import harness

    tables.let_flush()

    figures = importlib.import_module(f"tests.benchmarks.{options.name}").run()
    print(harness.show(figures, as_json=options.json))


if __name__ == "__main__":
    main()
