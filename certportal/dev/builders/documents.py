"""Handwritten PDF documents."""

from django.core.files.uploadedfile import SimpleUploadedFile


def pdf(text: str = "Vaatimuksenmukaisuustodistus", *, extra: bytes = b"") -> bytes:
    """Return a complete PDF of one page; `extra` is added to its catalogue."""
    shown = f"BT /F1 18 Tf 40 120 Td ({text}) Tj ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + extra + b">>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return out + head + table + trailer + b"startxref\n%d\n%%%%EOF\n" % start


def upload(data: bytes, name: str = "todistus.pdf") -> SimpleUploadedFile:
    """Return the bytes as a browser would send them."""
    return SimpleUploadedFile(name, data, "application/pdf")
