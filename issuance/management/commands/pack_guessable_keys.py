import argparse
import gzip
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.auth import password_validation
from django.core.management.base import BaseCommand

from issuance.keys.guessable import FILE, forms, pack

COMMONEST = 1000
"""Number of words at the start of each list that are included in every form."""
OWN_WORDS = FILE.with_name("common-words.txt")
PASSWORDS = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
"""The 20,000 most common passwords, shipped with Django."""


class Command(BaseCommand):
    """Write the list that the service ships; takes some minutes."""

    help = "Pack the keys made from the words of Django's list, our own and the files given."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="a word on each line, UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the packed list and print its size in octets."""
        lists = [_words(path) for path in (OWN_WORDS, PASSWORDS, *options["files"])]
        table = pack(dict.fromkeys(texts(lists)))
        FILE.write_bytes(table)
        self.stdout.write(f"{len(table)} octets")


def texts(lists: Iterable[list[str]]) -> Iterator[bytes]:
    """The first form of every word, and all forms of the first ``COMMONEST`` of each list."""
    for words in lists:
        yield from (text for word in words[:COMMONEST] for text in forms(word))
        yield from (next(forms(word)) for word in islice(words, COMMONEST, None))


def _words(path: Path) -> list[str]:
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
    return [word for line in text.splitlines() if (word := line.strip())]
