"""Rewriting a PDF as its visible pages only, without anything that can trigger an action.

Keys are copied by allowlist, so that unknown keys are dropped.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pikepdf

from .active import TRIGGERS

# ISO 32000-2, 7.7.2: pages, layers, and the structure tree, which screen readers need.
CATALOGUE = {"/Type", "/Pages", "/Lang", "/MarkInfo", "/StructTreeRoot", "/OCProperties"}
# 7.7.3.3; annotations are flattened into the page content first.
PAGE = {
    *("/Type", "/Parent", "/Resources", "/Contents", "/Group", "/Rotate", "/UserUnit"),
    *("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/StructParents", "/Tabs"),
}


def rewrite(pdf: pikepdf.Pdf, acting: Iterable[str]) -> bytes:
    """Return a copy without actions; `acting`: names of the objects that trigger actions."""
    for name in acting:
        _disarm(get_object(pdf, name))
    pdf.generate_appearance_streams()
    pdf.flatten_annotations("screen")
    for page in pdf.pages:
        _keep_only(page.obj, PAGE)
    _keep_only(pdf.Root, CATALOGUE)
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    out = BytesIO()
    # Streams are copied undecoded: nothing is unpacked whose size `child` has not checked.
    pdf.save(
        out,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        fix_metadata_version=False,
        deterministic_id=True,
    )
    return out.getvalue()


def get_object(pdf: pikepdf.Pdf, name: str) -> Any:
    """Return the object that qpdf's JSON names `obj:12 0 R`, or `trailer`."""
    if name == "trailer":
        return pdf.trailer
    number, generation, _r = name.removeprefix("obj:").split()
    return pdf.get_object(int(number), int(generation))


def _disarm(value: Any) -> None:
    """Remove the triggers from one object, at any depth.

    `/A` of a structure element is kept: it holds attributes (14.7.6), not an action.
    """
    waiting = [value]
    while waiting:
        container = waiting.pop()
        if isinstance(container, pikepdf.Stream):
            container = container.stream_dict
        if isinstance(container, pikepdf.Dictionary):
            is_structure = "/K" in container and "/S" in container
            for key in ("/AA", *TRIGGERS):
                if key in container and not (key == "/A" and is_structure):
                    del container[key]
            parts = [container.get_raw(str(key)) for key in list(container)]
        else:
            parts = list(container)
        waiting.extend(each for each in parts if _is_inside(each))


def _is_inside(part: Any) -> bool:
    """Whether the part is a direct dictionary or array; indirect objects are visited separately."""
    containers = pikepdf.Dictionary | pikepdf.Array
    return isinstance(part, containers) and not part.is_indirect


def _keep_only(dictionary: Any, keys: set[str]) -> None:
    for key in set(dictionary.keys()) - keys:
        del dictionary[key]
