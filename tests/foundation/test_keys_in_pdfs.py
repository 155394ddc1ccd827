"""A private key in a PDF is refused, wherever it stands and however it is drawn."""

import pikepdf
import pytest
from weasyprint import HTML

from certportal.dev.builders.documents import pdf
from certportal.foundation.files.documents import HoldsPrivateKey, check_pdf, viewing_copy
from tests.foundation import pdfs

pytestmark = pytest.mark.usefixtures("english")

BODY = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"
KEY = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n"


def in_comment(key):
    """Where nothing refers to it: only a search through the bytes finds it."""
    lines = "".join(f"% {line}\n" for line in key.splitlines())
    return pdf().replace(b"startxref", lines.encode() + b"startxref")


def compressed(key):
    """On the page, after more drawing than is searched at a time."""

    def change(document):
        text = "".join(f"({line}) Tj T*\n" for line in key.splitlines())
        # The key begins just before the end of the first megabyte.
        drawn = b"0 0 m 9 9 l S\n" * 74_897
        put = document.make_stream(drawn + f"BT /F1 9 Tf {text} ET".encode())
        document.pages[0].Contents = put

    data = pdfs.changed(change, compress_streams=True)
    assert BODY.encode() not in data
    return data


def in_title(key):
    """In a string in UTF-16, in an object stream."""

    def change(document):
        document.docinfo = document.make_indirect(pikepdf.Dictionary(Title=f"Avain λ: {key}"))

    return pdfs.changed(change)


def drawn(each, **more):
    """Return a maker of pages on which `each` writes the lines."""

    def made(key):
        def change(document):
            lines = "\n".join(map(each, key.splitlines()))
            content = f"BT /F1 9 Tf {lines} ET".encode()
            document.pages[0].Contents = document.make_stream(content, **more)

        return pdfs.changed(change)

    return made


def kerned(between, parts=list):
    """Return a way to write a line in parts with gaps between them, as TeX and Word do."""
    return lambda line: f"[{between.join(f'({part})' for part in parts(line))}] TJ T*"


def in_bytes(key):
    """In a string that is in no encoding of texts, in an object stream."""

    def change(document):
        title = pikepdf.String(key.encode() + b"\x81")
        document.docinfo = document.make_indirect(pikepdf.Dictionary(Title=title))

    return pdfs.changed(change)


def in_metadata(key):
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{key}</x:xmpmeta>'.encode("utf-16")

    def change(document):
        kind = {"Type": pikepdf.Name.Metadata, "Subtype": pikepdf.Name.XML}
        document.Root.Metadata = document.make_stream(xmp, **kind)

    return pdfs.changed(change, fix_metadata_version=False)


def printed(key):
    """As a browser or a word processor prints it: the numbers of glyphs in a subset of a font."""
    made = HTML(string=f"<pre>{key}</pre>").write_pdf()
    assert BODY[:9].encode() not in made
    return made


IN_CONTENT = {
    "hexadecimal": drawn(lambda line: f"<{line.encode().hex()}> Tj T*"),
    "octal": drawn(lambda line: "(" + "".join(f"\\{ord(one):03o}" for one in line) + ") '"),
    "kerned": drawn(kerned(" -3 ")),
    "blanks left out": drawn(kerned(" -525 ", str.split)),
    "each glyph by itself": drawn(lambda line: "".join(f"({one}) Tj 5 0 Td " for one in line)),
    "said to be an image": drawn(lambda line: f"({line}) Tj T*", Subtype=pikepdf.Name.Image),
    "bytes": in_bytes,
    "metadata": in_metadata,
    "printed": printed,
}
PLACES = {"drawn": pdf, "comment": in_comment, "compressed": compressed, "title": in_title}


@pytest.mark.parametrize("key", [KEY, BODY], ids=["whole", "without its label"])
@pytest.mark.parametrize("place", (PLACES | IN_CONTENT).values(), ids=PLACES | IN_CONTENT)
def test_a_private_key_in_the_text_is_refused(place, key):
    with pytest.raises(HoldsPrivateKey, match="Consider the key exposed"):
        check_pdf(place(key))


def test_a_private_key_in_a_name_is_refused():
    name = f"/{KEY.splitlines()[0].replace(' ', '#20')}"
    with pytest.raises(HoldsPrivateKey):
        check_pdf(pdfs.changed(lambda document: document.Root.__setitem__("/Key", parsed(name))))


def parsed(name):
    return pikepdf.Array([pikepdf.Object.parse(name.encode())])


def test_many_pages_of_text_and_fonts_that_cannot_be_read_are_taken():
    """Their text is read in time, or not at all."""
    check_pdf(drawn(lambda line: "(x) Tj 0 1 Td\n" * 700_000)("x"))
    for table in (b"1 beginbfrange <00> <ff> 7 endbfrange", b"<</A", b"1 beginbfchar endbfchar ]"):

        def change(document, table=table):
            font = document.pages[0].Resources.Font.F1
            font.ToUnicode = document.make_stream(table)

        check_pdf(pdfs.changed(change))


def test_a_document_about_private_keys_is_taken():
    about = pdf("Yksityinen avain luodaan palvelimella. Never send us a PRIVATE KEY.")
    assert viewing_copy(about).startswith(b"%PDF-")
