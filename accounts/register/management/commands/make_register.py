"""``make_register --units N``: write an invented register in the code server's JSON."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from accounts.register.invented import invent


class Command(BaseCommand):
    """Write a plausible register, the same for the same seed, for `import_register`."""

    help = "Write an invented register of any size (CSAPI v6 JSON)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--units", type=int, default=1000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--output", type=Path, default=Path("register.json"))

    def handle(self, *_args: Any, **options: Any) -> None:
        codes = invent(options["units"], seed=options["seed"])
        with options["output"].open("w", encoding="utf-8") as file:
            file.write('{"conceptCodes": [\n')
            for number, code in enumerate(codes):
                file.write(",\n" * bool(number) + json.dumps(code, ensure_ascii=False))
            file.write("\n]}\n")
        self.stdout.write(f"{options['output']}: {options['units']} units")
