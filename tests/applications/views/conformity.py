"""The form of the certificate of conformity."""

from io import BytesIO

from certportal.dev.builders import documents

FIELDS = {
    "conformity_system_name": "Apteekki Plus",
    "conformity_version": "4.2",
    "conformity_class": "A3",
    "conformity_number": "VT-2025-0042",
    "conformity_valid_until": "31.12.2099",
}


def upload(data: bytes = b"", name: str = "todistus.pdf") -> BytesIO:
    file = BytesIO(data or documents.pdf())
    file.name = name
    return file
