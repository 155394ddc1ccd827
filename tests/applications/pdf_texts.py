"""What poppler reads of a PDF."""

import subprocess


def text_of(pdf: bytes) -> str:
    """Return the text as poppler reads it, lines joined."""
    return " ".join(pages_of(pdf))


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, lines joined."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True)
    return [" ".join(page.split()) for page in done.stdout.decode().split("\f")[:-1]]


def facts_of(pdf: bytes) -> str:
    """Return title, pages and tags, as `pdfinfo` lists them."""
    done = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True)
    return done.stdout.decode()
