"""The Nu HTML checker, which finds where pages depart from the HTML standard."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LOCK = "package-lock.json"
JAR = "node_modules/vnu-jar/build/dist/vnu.jar"
MOST_NAMED = 3
# Where narrow screens stack the cells of a table, the style sheets show it as blocks, and not every
# browser leaves such a table one unless roles say so. The checker sees no style sheets.
ACCEPTED = re.compile(
    "The “(table|rowgroup|row|rowheader|columnheader|cell)” role is unnecessary for element"
    "|The “role” attribute must not be used on a “(tr|th|td)” element which has a “table” ancestor"
)


def install(folder: Path) -> Path:
    """Install the checker in the folder as our lock file says, unless it is there; return it."""
    jar, lock = folder / JAR, folder / LOCK
    if jar.exists() and lock.read_bytes() == (HERE / LOCK).read_bytes():
        return jar
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", LOCK):
        shutil.copy(HERE / name, folder)
    # A script of the package would download a Java of its own.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=folder, check=True, timeout=300)
    return jar


def faults(folder: Path, pages: Path) -> list[str]:
    """Return what the checker in the folder finds wrong with the pages, in one run of Java."""
    jar = str(install(folder))
    # It guesses the language by the words, and orders have names of other languages in them.
    options = ["--stdout", "--format", "json", "--exit-zero-always", "--no-langdetect"]
    # It runs for seconds, too short to compile the same code better. What is compiled fast takes
    # more of the stack.
    machine = ["-XX:TieredStopAtLevel=1", "-Xss8m"]
    command = ["java", *machine, "-jar", jar, *options, str(pages)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=600)
    return told(json.loads(done.stdout)["messages"])


def told(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return each finding once, with the first place and some of the pages that have it."""
    places: dict[str, tuple[str, set[str]]] = {}
    for one in messages:
        if ACCEPTED.match(one["message"]):
            continue
        extract = " ".join(one.get("extract", "").split())
        first = places.setdefault(one["message"], (extract, set()))
        first[1].add(Path(one.get("url", "")).stem)
    return [
        f"{message}: {extract} ({_named(sorted(pages))})"
        for message, (extract, pages) in places.items()
    ]


def _named(pages: list[str]) -> str:
    rest = len(pages) - MOST_NAMED
    return ", ".join(pages[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
