"""Static instances of the papers' variable font in single weights, made by HarfBuzz.

For each document WeasyPrint would instantiate the variable font with fontTools, which takes longer
than the rest of the document. HarfBuzz, which WeasyPrint needs anyway, makes the same outlines in
about 10 ms, once in a process. Nothing has to be prepared or stored on disk.
"""

import ctypes
from functools import cache

from certportal.foundation.web.fonts import packaged_font

WEIGHTS = (400, 600, 700)  # those of paper.css

_AXIS = int.from_bytes(b"wght")
_DUPLICATE = 0  # hb-blob.h: HarfBuzz keeps a copy of the bytes
_POINTER = ctypes.c_void_p


@cache
def in_weight(weight: int) -> bytes:
    """Return the packaged font as a TrueType file of this weight only, with all glyphs."""
    library = _harfbuzz()
    data = packaged_font().read_bytes()
    blob = library.hb_blob_create(data, len(data), _DUPLICATE, None, None)
    face = library.hb_face_create(blob, 0)
    subset_input = library.hb_subset_input_create_or_fail()
    try:
        library.hb_subset_input_keep_everything(subset_input)
        if not library.hb_subset_input_pin_axis_location(subset_input, face, _AXIS, weight):
            raise ValueError(f"the font has no weight {weight}")
        return _bytes_of(library, library.hb_subset_or_fail(face, subset_input))
    finally:
        library.hb_subset_input_destroy(subset_input)
        library.hb_face_destroy(face)
        library.hb_blob_destroy(blob)


def _bytes_of(library: ctypes.CDLL, face: int | None) -> bytes:
    if face is None:
        raise ValueError("HarfBuzz cannot pin the font's weight")
    blob = library.hb_face_reference_blob(face)
    length = ctypes.c_uint()
    start = library.hb_blob_get_data(blob, ctypes.byref(length))
    try:
        return ctypes.string_at(start, length.value)
    finally:
        library.hb_blob_destroy(blob)
        library.hb_face_destroy(face)


@cache
def _harfbuzz() -> ctypes.CDLL:
    """Load the subset library, through which the symbols of the core library are found too."""
    library = ctypes.CDLL("libharfbuzz-subset.so.0")
    for name, result, arguments in (
        (
            "hb_blob_create",
            _POINTER,
            [ctypes.c_char_p, ctypes.c_uint, ctypes.c_int, *[_POINTER] * 2],
        ),
        ("hb_blob_get_data", _POINTER, [_POINTER, _POINTER]),
        ("hb_blob_destroy", None, [_POINTER]),
        ("hb_face_create", _POINTER, [_POINTER, ctypes.c_uint]),
        ("hb_face_reference_blob", _POINTER, [_POINTER]),
        ("hb_face_destroy", None, [_POINTER]),
        ("hb_subset_input_create_or_fail", _POINTER, []),
        ("hb_subset_input_keep_everything", None, [_POINTER]),
        (
            "hb_subset_input_pin_axis_location",
            ctypes.c_int,
            [_POINTER, _POINTER, ctypes.c_uint32, ctypes.c_float],
        ),
        ("hb_subset_input_destroy", None, [_POINTER]),
        ("hb_subset_or_fail", _POINTER, [_POINTER, _POINTER]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
