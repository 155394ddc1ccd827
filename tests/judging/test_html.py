"""The Nu HTML checker finds what is wrong with a page, and nothing in a sound one."""

from tests.nu import checker

SOUND = (
    '<!DOCTYPE html><html lang="fi"><head><title>Tilaus</title></head><body><p>Valmis.</p></body>'
    "</html>"
)


def test_a_fault_is_told_with_its_page(tmp_path):
    pages = tmp_path / "html"
    pages.mkdir()
    (pages / "sound.html").write_text(SOUND)
    (pages / "faulty.html").write_text(SOUND.replace("<p>", '<p id="a"><ul id="a"></ul>'))
    found = checker.faults(tmp_path / "nu", pages)
    assert any("Duplicate ID" in one and "(faulty)" in one for one in found)
    assert not any("sound" in one for one in found)
