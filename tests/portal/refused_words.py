"""Checks that the texts for users use none of the words that the glossary and the editors refuse.

Run as `python -m tests.portal.refused_words CATALOGUE…` with one .po file for each translation;
the English texts are the message ids. Prints each text with the word to use instead; the exit
status is 1 if there is one.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

REFUSED = {
    "en": {
        r"\banew\b": "again",
        r"\bcompromis\w*": "exposed",
        r"\bdemands?\b": "requires",
        r"\be-mails?\b": "email",
        r"\bfound(s|ed|ing)? (a|an|the|your) (customer )?account": "create an account",
        r"\bhand(ed|s)? in\b": "upload, send",
        r"\bhas the turn\b": "with a reviewer; your reply is needed",
        r"\bleak(ed|s)?\b": "exposed",
        r"\bmend(s|ed|ing)?\b": "fix",
        r"\bneed not\b": "don't need to",
        r"\bon top\b": "first, above",
        r"\bright to act\b": "authority to act",
        r"\bshall\b": "must, will",
        r"\bshortcomings?\b": "problem",
        r"\bsign in\b": "log in",
        r"\bstands? in\b": "is in",
        r"\btechnical contact person\b": "technical contact",
    },
    "fi": {
        r"\bkello \d": "klo",
        r"\bkompromi\w*": "paljastunut",
        r"\bomin päin\b": "puolestasi",
        r"\bpalvelintodennu\w*": "palvelimen todennus",
        r"\basiakastodennu\w*": "asiakkaan todennus",
        r"\bsertifikaat\w*": "varmenne",
        r"\btilauksen asianumero\w*": "tilausnumero",
        r"\bvuotan\w*": "paljastunut",
        r"\btäydennyspyyn\w*": "lisätietopyyntö",
        r"\b[Pp]yy[dt]\w+ täydennystä\b": "pyydä lisätietoja",
        r"\byhteyspiste\w*": "asiakaspalvelu",
        # A possessive suffix of "te", and no word of the service that ends like one.
        r"\b(?!\w*(varmenne|rakenne|tilanne|liikenne)\b)\w{3,}nne\b": "sinä",
        r"\b(te|teidän|teidät|teillä|teille|saatte|voitte|olette|tilaatte|teette)\b": "sinä",
        r"\[TEST\]": "[TESTI]",
        r"\bvaatimustenmukaisuu\w*": "vaatimuksenmukaisuus",
        r"\bpostilaatik\w*": "sähköpostilaatikko",
        r"\bpeilikan\w*": "rekisterin kopio",
        r"\bsinet\w*": "leima",
    },
    "sv": {
        r"\(må–fr\)": "(mån–fre)",
        r"\(frivillig\)": "(frivilligt)",
        r"\bEget konto\b": "Mitt konto",
        r"\b(be|in)?ärendenummer\b": "beställningsnummer",
        r"\bordernum\w*": "beställningsnummer",
        r"\bstarka autentisering\w*": "stark identifiering",
        r"\bcertifikatansökan\b": "certifikatbegäran",
        r"\bkomprometter\w*": "röjd",
        r"\bläckt\w*": "röjd",
        r"\brätt att agera\b": "rätt att företräda",
        r"\bett kondensat som\b": "ett kondensat (hash)",
        r"\b(ni|er|ert|era)\b": "du, din",
        r"\bteknisk(a)? kontakt\b": "teknisk kontaktperson",
        r"\btilläggsuppgift\w*": "komplettering",
        r"\bobservation\w*": "anmärkning",
        r"\ben andra handläggar\w*": "en annan handläggare",
        r"\bagera\w* för\b": "företräda",
        r"\bsigill\w*": "stämpel",
        r"\bkontrollsumm\w*": "hashsumma",
        r"(?<!e-)\b(brev|post)låd\w*": "e-postlåda",
    },
}
"""By language: a refused word, as a regular expression, and what to use (docs/glossary.md)."""


def main(catalogues: list[str]) -> int:
    """Print every text with a refused word; return the exit status."""
    texts = {Path(each).parents[1].name: list(_entries(each)) for each in catalogues}
    english = [identifier for identifier, _ in next(iter(texts.values()), [])]
    by_language = {code: [text for _, text in pairs] for code, pairs in texts.items()}
    refused = [*wrong("en", english)]
    for code, found in by_language.items():
        refused += wrong(code, found)
    sys.stdout.write("\n".join(refused or ["No text uses a refused word."]) + "\n")
    return bool(refused)


def wrong(language: str, texts: Iterable[str]) -> Iterator[str]:
    """Yield each text with a refused word, and the word to use instead."""
    for text in texts:
        for refused, better in REFUSED.get(language, {}).items():
            if word := re.search(refused, text, re.IGNORECASE):
                yield f"{language}: {word[0]!r}, use {better!r}: {text!r}"


def _entries(catalogue: str) -> Iterator[tuple[str, str]]:
    """Pairs of an entry's message ids and its translations, plural forms joined by a line feed."""
    command = ["msgattrib", "--no-wrap", "--no-obsolete", "--no-location", catalogue]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for entry in listed.split("\n\n"):
        parts = re.findall(r'^(msgid|msgstr)\S* ((?:".*"\n?)+)', entry, re.MULTILINE)
        both = {"msgid": "", "msgstr": ""}
        for kind, quoted in parts:
            both[kind] += "".join(re.findall(r'"(.*)"', quoted)) + "\n"
        if both["msgid"].strip():
            yield both["msgid"], both["msgstr"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
