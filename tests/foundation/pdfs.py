"""PDF documents made with pikepdf: honest ones, and hostile ones of every kind we know.

None is a file of the repository. What is hostile in them lies in object streams, compressed.
"""

import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any, Literal

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from certportal.dev.builders.documents import pdf

type Change = Callable[[pikepdf.Pdf], None]


def changed(change: Change, **options: Any) -> bytes:
    """Return the one-page document after the change, with object streams."""
    with pikepdf.open(BytesIO(pdf())) as document:
        change(document)
        return saved(document, **options)


def saved(document: pikepdf.Pdf, **options: Any) -> bytes:
    out = BytesIO()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, **options)
    return out.getvalue()


def annotated(annotation: Dictionary) -> Change:
    """Put the annotation, an object of its own, on the page."""

    def change(document: pikepdf.Pdf) -> None:
        put = own(document, annotation)
        put.Rect = Array([40, 40, 200, 80])
        put.Type = Name.Annot
        document.pages[0].Annots = Array([put])
        if put.Subtype == Name.Widget:
            document.Root.AcroForm = Dictionary(Fields=Array([put]))

    return change


def opening(action: Dictionary) -> Change:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = own(document, action)

    return change


def own(document: pikepdf.Pdf, value: Dictionary) -> Dictionary:
    """Make a copy an object of the document; an object belongs to one document only."""
    made: Any = document.make_indirect(pikepdf.Object.parse(value.unparse()))
    return made  # type: ignore[no-any-return]


def link(action: Dictionary) -> Change:
    return annotated(Dictionary(Subtype=Name.Link, A=action))


def javascript() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def file_specification(document: pikepdf.Pdf) -> Dictionary:
    embedded = document.make_stream(b"MZ", Type=Name.EmbeddedFile)
    return Dictionary(Type=Name.Filespec, F=String("a.exe"), EF=Dictionary(F=embedded))


def named(kind: str, value: Callable[[pikepdf.Pdf], Dictionary]) -> Change:
    """Put the value into a name tree of three levels."""

    def change(document: pikepdf.Pdf) -> None:
        tree = Dictionary(Names=Array([String("a"), document.make_indirect(value(document))]))
        for _level in range(2):
            tree = Dictionary(Kids=Array([document.make_indirect(tree)]))
        document.Root.Names = Dictionary({kind: document.make_indirect(tree)})

    return change


def chained(document: pikepdf.Pdf) -> None:
    """Reach the program through references to references, the last one to its kind's name."""
    document.Root.Kind = document.make_indirect(Name.JavaScript)
    last = document.make_indirect(Dictionary(JS=String("app.alert(1)")))
    last.S = document.Root.Kind
    first = Dictionary(S=Name.GoTo, D=Array([document.pages[0].obj, Name.Fit]))
    first.Next = Array(
        [document.make_indirect(Dictionary(S=Name.Named, N=Name.NextPage, Next=last))]
    )
    document.Root.OpenAction = document.make_indirect(first)


def in_outline(document: pikepdf.Pdf) -> None:
    outlines = document.make_indirect(Dictionary(Type=Name.Outlines))
    item = document.make_indirect(Dictionary(Title=String("1"), Parent=outlines, A=javascript()))
    outlines.First = outlines.Last = item
    document.Root.Outlines = outlines


def on_page(document: pikepdf.Pdf) -> None:
    document.pages[0].AA = Dictionary(O=document.make_indirect(javascript()))


def on_catalogue(document: pikepdf.Pdf) -> None:
    document.Root.AA = document.make_indirect(Dictionary(WC=javascript()))


def with_xfa(document: pikepdf.Pdf) -> None:
    form = document.make_stream(b"<xdp:xdp/>")
    document.Root.AcroForm = Dictionary(Fields=Array([]), XFA=form)


def with_data_elsewhere(document: pikepdf.Pdf) -> None:
    place = String("\\\\host\\share\\a")
    document.Root.Elsewhere = document.make_stream(b"", F=place, FFilter=Name.FlateDecode)


def with_page_elsewhere(document: pikepdf.Pdf) -> None:
    reference = Dictionary(F=String("\\\\host\\share\\a.pdf"), Page=0)
    form = document.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, Ref=reference)
    document.pages[0].Resources.XObject = Dictionary(X=form)


def with_associated_file(document: pikepdf.Pdf) -> None:
    document.Root.AF = Array([document.make_indirect(file_specification(document))])


def with_addresses_in_folder(document: pikepdf.Pdf) -> None:
    document.Root.URI = Dictionary(Base=String("file:///c:/"))


def attached(document: pikepdf.Pdf) -> None:
    annotated(Dictionary(Subtype=Name.FileAttachment))(document)
    document.pages[0].Annots[0].FS = file_specification(document)


def unreachable(document: pikepdf.Pdf) -> None:
    """Leave the program where only a reader that repairs the file finds it."""
    document.Root.Unknown = document.make_indirect(Dictionary(Whatever=javascript()))


def button(**more: Any) -> Change:
    return annotated(Dictionary(Subtype=Name.Widget, FT=Name.Btn, T=String("b"), Ff=65536, **more))


SCRIPT, LAUNCH, REMOTE = "programs", "starts a program", "links to files"
SUBMIT, FILES, XFA, MEDIA = "sends or fetches data", "other files", "XFA", "sound, video"
UNC = String("\\\\host\\share\\a.pdf")

ACTIVE: dict[str, tuple[Change, str]] = {
    "script on opening": (opening(javascript()), SCRIPT),
    "script through a chain": (chained, SCRIPT),
    "script of the catalogue": (on_catalogue, SCRIPT),
    "script of a page": (on_page, SCRIPT),
    "script of a field": (button(AA=Dictionary(Fo=javascript())), SCRIPT),
    "script of an outline": (in_outline, SCRIPT),
    "script in a name tree": (named("/JavaScript", lambda _document: javascript()), SCRIPT),
    "script out of reach": (unreachable, SCRIPT),
    "unknown action": (link(Dictionary(S=Name("/Brand#20New"))), SCRIPT),
    "launch": (link(Dictionary(S=Name.Launch, F=String("cmd.exe"))), LAUNCH),
    "launch on Windows": (opening(Dictionary(S=Name.Launch, Win=Dictionary(F=UNC))), LAUNCH),
    "other document": (link(Dictionary(S=Name.GoToR, F=UNC, D=Array([0, Name.Fit]))), REMOTE),
    "embedded document": (link(Dictionary(S=Name.GoToE, D=Array([0, Name.Fit]))), REMOTE),
    "address of a file": (link(Dictionary(S=Name.URI, URI=String("file:///c:/a.exe"))), REMOTE),
    "address of a share": (link(Dictionary(S=Name.URI, URI=UNC)), REMOTE),
    "address of a program": (link(Dictionary(S=Name.URI, URI=String(" JavaScript:a"))), REMOTE),
    "address with a line break": (link(Dictionary(S=Name.URI, URI=String("fi\nle:/a"))), REMOTE),
    "address of a share by slashes": (link(Dictionary(S=Name.URI, URI=String("/\\a/b"))), REMOTE),
    "addresses in a folder": (with_addresses_in_folder, REMOTE),
    "data elsewhere": (with_data_elsewhere, REMOTE),
    "page elsewhere": (with_page_elsewhere, REMOTE),
    "form sent": (button(A=Dictionary(S=Name.SubmitForm, F=String("https://x.example"))), SUBMIT),
    "data fetched": (button(A=Dictionary(S=Name.ImportData, F=String("a.fdf"))), SUBMIT),
    "embedded file": (named("/EmbeddedFiles", file_specification), FILES),
    "attached file": (attached, FILES),
    "associated file": (with_associated_file, FILES),
    "XFA": (with_xfa, XFA),
    "rich media": (annotated(Dictionary(Subtype=Name.RichMedia)), MEDIA),
    "screen": (annotated(Dictionary(Subtype=Name.Screen, A=Dictionary(S=Name.Rendition))), MEDIA),
    "movie": (annotated(Dictionary(Subtype=Name.Movie)), MEDIA),
    "sound": (opening(Dictionary(S=Name.Sound)), MEDIA),
    "3D": (annotated(Dictionary(Subtype=Name("/3D"))), MEDIA),
}


def encrypted(user: str = "", revision: Literal[2, 3, 4, 5, 6] = 6) -> bytes:
    """Return a document that opens without a password unless `user` is given."""
    newer = revision > 3
    how = pikepdf.Encryption(owner="omistaja", user=user, R=revision, aes=newer, metadata=newer)
    return changed(lambda _document: None, encryption=how)


def updated(base: bytes, objects: dict[int, bytes]) -> bytes:
    """Append an incremental update with these objects (ISO 32000-2, 7.5.6)."""
    out, offsets = base, {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (number, offsets[number]) for number in offsets)
    previous = base.rsplit(b"startxref\n", 1)[1].split(b"\n")[0]
    trailer = b"trailer\n<< /Size 20 /Root 1 0 R /Prev %s >>\n" % previous
    return out + b"xref\n" + table + trailer + b"startxref\n%d\n%%%%EOF\n" % start


def updated_in_object_stream(base: bytes, catalogue: bytes) -> bytes:
    """Append an update whose catalogue lies in an object stream."""
    packed = zlib.compress(b"1 0 " + catalogue)
    holder = (
        b"18 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n"
    )
    out = base + holder % len(packed) + packed + b"\nendstream\nendobj\n"
    start, previous = len(out), base.rsplit(b"startxref\n", 1)[1].split(b"\n")[0]
    rows = [(2, 18, 0), (1, len(base), 0), (1, start, 0)]  # of the objects 1, 18 and 19
    data = b"".join(bytes([kind]) + place.to_bytes(4) + bytes([last]) for kind, place, last in rows)
    head = b"19 0 obj\n<< /Type /XRef /Size 20 /W [1 4 1] /Index [1 1 18 2] /Root 1 0 R /Prev "
    out += head + previous + b" /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(data), data)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def signed() -> bytes:
    """Return a document with the structure of a PAdES signature, added as an update.

    The CMS itself is zeros: what is judged is the structure around it (ETSI EN 319 142-1, 5.3).
    """
    base = pdf()
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R /Annots [6 0 R]"
        b" /Resources << /Font << /F1 5 0 R >> >> >>"
    )
    catalogue = (
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] /SigFlags 3 >>"
        b" /Perms << /DocMDP 7 0 R >> /DSS << /Certs [9 0 R] >>"
        b" /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >> >> >>"
    )
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Allekirjoitus) /V 7 0 R /F 132"
        b" /Rect [40 20 200 60] /P 3 0 R /AP << /N 8 0 R >>"
        b" /Lock << /Type /SigFieldLock /Action /All >> >>"
    )
    signature = (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached"
        b" /ByteRange [0 1000 3000 500] /M (D:20251101120000Z) /Reason (Hyv\\344ksytty)"
        b" /Reference [<< /Type /SigRef /TransformMethod /DocMDP"
        b" /TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >>]"
        b" /Contents <" + b"00" * 900 + b"> >>"
    )
    look = b"BT /F1 10 Tf 0 10 Td (Signed by Seppo) Tj ET"
    appearance = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 160 40] /Length %d"
        b" /Resources << /Font << /F1 5 0 R >> >> >>\nstream\n%s\nendstream"
    ) % (len(look), look)
    certificate = b"<< /Length 4 >>\nstream\n0000\nendstream"
    return updated(
        base,
        {1: catalogue, 3: page, 6: field, 7: signature, 8: appearance, 9: certificate},
    )


def with_form_and_links(document: pikepdf.Pdf) -> None:
    """Add a filled-in field, a link, a bookmark, and a page to open at: all of it honest."""
    page = document.pages[0]
    place = Array([page.obj, Name.Fit])
    document.Root.OpenAction = Dictionary(S=Name.GoTo, D=place)
    field = document.make_indirect(filled_in(document))
    web = Dictionary(S=Name.URI, URI=String("https://www.kanta.fi/"))
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, A=web, Rect=Array([40, 100, 200, 120]))
    page.Annots = Array([field, document.make_indirect(link)])
    document.Root.AcroForm = Dictionary(Fields=Array([field]))
    with document.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Alku", 0))


def filled_in(document: pikepdf.Pdf) -> Dictionary:
    look = document.make_stream(b"/Tx BMC BT /F1 12 Tf 2 4 Td (Kontio) Tj ET EMC")
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 160, 20])
    look.Resources = Dictionary(Font=document.pages[0].Resources.Font)
    return Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Tx,
        T=String("nimi"),
        V=String("Kontio"),
        F=4,
        Rect=Array([40, 60, 200, 80]),
        AP=Dictionary(N=look),
    )


def bomb(*, layers: int = 1, size: int = 1 << 30, image: bool = False) -> bytes:
    """Return a document whose page unpacks to `size` bytes, through that many layers.

    With `image` they are said to be a JPEG's.
    """
    data, filters = _zeros(size), [Name.FlateDecode] * layers + [Name.DCTDecode] * image
    for _layer in range(layers - 1):
        data = zlib.compress(data, 9)

    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].Contents = document.make_stream(data, Filter=Array(filters))

    raw = pikepdf.StreamDecodeLevel.none
    return changed(change, compress_streams=False, stream_decode_level=raw)


def _zeros(size: int) -> bytes:
    """Return that many zeros, packed: a mebibyte at a time, each of which packs to the same."""
    packer, one = zlib.compressobj(9), bytes(1 << 20)
    first, more = (packer.compress(one) + packer.flush(zlib.Z_FULL_FLUSH) for _each in range(2))
    count = size >> 20
    checksum = (len(one) * count % 65521) << 16 | 1  # Adler-32 (RFC 1950, 9) of zeros alone
    end = zlib.compressobj(wbits=-15).flush()
    return first + more * (count - 1) + end + checksum.to_bytes(4, "big")


def many_objects(count: int) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        kept = [document.make_indirect(Dictionary(N=number)) for number in range(count)]
        document.Root.Many = Array(kept)

    return changed(change)


def deep(levels: int) -> bytes:
    return pdf(extra=b"/Deep " + b"[" * levels + b"]" * levels)


def loop(document: pikepdf.Pdf) -> None:
    document.Root.Pages.Kids.append(document.Root.Pages)


def repeated_key() -> bytes:
    """Return a document in which one reader sees a script, another a place on the page."""
    return pdf(extra=b"/OpenAction << /S /J#53 /S /GoTo /D [3 0 R /Fit] >>")
