"""The runner: `python -m tests.benchmarks NAME [--json | --markdown]`; `all` runs each in turn."""

import argparse
import importlib
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

HEAD = """# How fast it is

Made by `./portal bench all --markdown`. Each figure stands beside its floor: what the same machine
takes in the same run for the least of the work, or what is allowed; or beside a peer, another
authority's program on the same work in the same run. `since` is the day of the measurement. Under
each heading stands when and where it was measured, and how busy the machine was; a busy one slows
what is told by the clock, and hardly what is told by processor time (CPU). All this is measured,
and no test.

Peers are measured when they are installed; a line under a table names those that were not. `cfssl`
is Debian's `golang-cfssl`; django-ca comes from PyPI, into a place that BENCH_DJANGO_CA names
(tests/benchmarks/django_ca.py). Of step-ca there is neither, and there are no figures.
"""


def main() -> None:
    here = Path(__file__).parent
    names = sorted(each.stem for each in here.glob("*.py") if "\ndef run(" in each.read_text())
    parser = argparse.ArgumentParser(prog="portal bench")
    parser.add_argument("name", choices=["all", *names])
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="a list of objects")
    shape.add_argument("--markdown", action="store_true", help="the table of docs/performance.md")
    options = parser.parse_args()
    if options.name == "all":
        run_all(names, options)
        return
    # Ended from outside, it ends the servers that it has started, and removes what it has made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    import django

    django.setup()
    logging.disable(logging.INFO)  # the table is what is wanted
    from tests import tables
    from tests.benchmarks import harness

    tables.let_flush()

    figures = importlib.import_module(f"tests.benchmarks.{options.name}").run()
    if options.markdown:
        print(harness.as_markdown(options.name, figures))
    else:
        print(harness.show(figures, as_json=options.json))


def run_all(names: list[str], options: argparse.Namespace) -> None:
    """Run each in a process of its own, as each begins with a process that has done nothing.

    One that fails keeps none of the others from being run.
    """
    if options.markdown:
        print(HEAD, flush=True)
    shape = [f"--{each}" for each in ("json", "markdown") if getattr(options, each)]
    failed = []
    for name in names:
        done = subprocess.run([sys.executable, "-m", "tests.benchmarks", name, *shape])
        if done.returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
