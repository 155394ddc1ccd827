"""What poppler reads of a PDF."""

import subprocess


def text_of(pdf: bytes) -> str:
    """Return the text as poppler reads it, lines joined."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True)
    return " ".join(done.stdout.decode().split())


def facts_of(pdf: bytes) -> str:
    """Return title, pages and tags, as `pdfinfo` lists them."""
    done = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True)
    return done.stdout.decode()
