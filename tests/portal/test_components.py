"""What the tags that draw components promise to the pages."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation
from django.utils.functional import lazystr


class Question(forms.Form):
    name = forms.CharField(required=False)


class Upload(Question):
    file = forms.FileField(required=False)


def drawn(text: str, **values: object) -> str:
    return Template("{% load i18n portal %}" + text).render(Context(values))


@pytest.mark.parametrize(("form", "carries_files"), [(Question(), False), (Upload(), True)])
def test_a_form_carries_the_token_its_fields_its_buttons_and_files_if_it_asks_for_any(
    form: forms.Form, carries_files: bool
) -> None:
    html = drawn(
        "{% post form next=next %}<button>Save</button>{% endpost %}",
        form=form,
        next="/fi/?a=1&b=2",
        csrf_token="TOKEN",
    )
    assert 'name="csrfmiddlewaretoken" value="TOKEN"' in html
    assert 'name="name"' in html
    assert 'name="next" value="/fi/?a=1&amp;b=2"' in html
    assert "<button>Save</button>" in html
    assert ('enctype="multipart/form-data"' in html) is carries_files
    assert "novalidate" in html
    assert "action=" not in html


def test_a_question_without_fields_is_only_its_buttons() -> None:
    html = drawn("{% post action=there %}<button>Leave</button>{% endpost %}", there="/leave/")
    assert 'action="/leave/"' in html
    assert html.count("<input") == 0


def test_a_button_posts_to_its_view_with_the_version_that_was_seen() -> None:
    html = drawn(
        '{% button "accounts:join" code look="link small" version=0 %}Ask{% endbutton %}',
        code="9900001-8",
        csrf_token="TOKEN",
    )
    assert f'action="{reverse("accounts:join", args=["9900001-8"])}"' in html
    assert 'name="csrfmiddlewaretoken" value="TOKEN"' in html
    assert 'name="version" value="0"' in html
    assert 'class="button button--link button--small"' in html


def test_the_words_of_a_component_are_escaped_and_its_body_is_not_escaped_twice() -> None:
    html = drawn(
        "{% table caption hide_caption=True %}<tr><td>{{ name }}</td></tr>{% endtable %}"
        '{% notice "warning" title=caption role="alert" %}<p>{{ name }}</p>{% endnotice %}'
        "{% details caption %}<p>{{ name }}</p>{% enddetails %}",
        caption="A & B",
        name="C & D",
    )
    assert html.count("A &amp; B") == 4  # the region's name, the caption, the two titles
    assert html.count("C &amp; D") == 3
    assert 'role="alert"' in html


def test_a_component_says_only_what_it_is_given() -> None:
    """A title that the page has set for one notice must not stand over another."""
    root = Path(__file__).parents[2] / "templates"
    included = re.compile(r'{% include "components/(notice|tag|summary_row|task)\.html"(.*?)%}')
    given = [
        (component, options)
        for page in root.rglob("*.html")
        for component, options in included.findall(page.read_text())
    ]
    assert len({component for component, _options in given}) == 4
    assert [each for each in given if not each[1].endswith(" only ")] == []


def test_the_way_back_is_named_or_says_back() -> None:
    request = RequestFactory().get("/")
    named = drawn('{% back "accounts:login" label=_("Certificates") %}', request=request)
    assert f'href="{reverse("accounts:login")}"' in named
    assert "Certificates" in named or "Varmenteet" in named
    assert 'href="/fi/elsewhere/"' in drawn('{% back "/fi/elsewhere/" %}', request=request)


ROWS = """
<thead>
  <tr><th scope="col">Name</th><th scope="col" class="number">Due <em>"soon"</em></th></tr>
</thead>
<tbody>
  <tr><th scope="row">A</th><td class="number">{{ day }}</td></tr>
  <tr><td colspan="2">Nothing more</td></tr>
</tbody>
"""


def test_a_table_names_the_column_of_each_cell_and_stays_a_table_when_stacked() -> None:
    html = drawn('{% table "Orders" %}' + ROWS + "{% endtable %}", day="<td>")
    assert '<table class="table--rows table--stack" role="table"' in " ".join(html.split())
    assert (
        '<td class="number" role="cell" data-label="Due &quot;soon&quot;">&lt;td&gt;</td>' in html
    )
    assert '<td colspan="2" role="cell">' in html
    assert html.count('role="row"') == 3
    assert (html.count('role="columnheader"'), html.count('role="rowheader"')) == (2, 1)


GROUPED = """
<thead>
  <tr>
    <th scope="col" rowspan="2">Month</th>
    <th scope="colgroup" colspan="2">Short &amp; weak key</th>
  </tr>
  <tr><th scope="col">Given</th><th scope="col">Expired</th></tr>
</thead>
<tbody><tr><th scope="row">11/2026</th><td class="number">
  </td><td></td></tr></tbody>
"""


def test_a_cell_below_two_lines_of_heads_is_named_by_both_and_an_empty_one_has_a_dash() -> None:
    html = drawn('{% table "Waivers" %}' + GROUPED + "{% endtable %}")
    named = 'data-label="Short &amp; weak key: '
    assert f'<td class="number" role="cell" {named}Given">–</td>' in html
    assert f'<td role="cell" {named}Expired">–</td>' in html
    assert html.count('role="columnheader"') == 4


def test_the_longest_words_of_a_page_are_divided_and_nothing_that_is_copied() -> None:
    word = "järjestelmäallekirjoitusvarmennetta"
    host = "terveydenhuollonpalveluntuottajat.example.fi"
    shown = "jär-jes-tel-mäal-le-kir-joi-tus-var-men-netta"
    kept = (f'<a title="{word}">', f"<pre>{word}</pre>", f"<p>{host}</p>", f"<p>x@{host}</p>")
    page = "{% filter divided %}<h1>Tilaa " + word + ".</h1>" + "".join(kept) + "{% endfilter %}"
    with translation.override("fi"):
        assert drawn(page).replace("\u00ad", "-") == f"<h1>Tilaa {shown}.</h1>" + "".join(kept)
    with translation.override("en"):
        assert word in drawn(page)


@pytest.mark.parametrize(
    ("days", "shown"),
    [("(ma–pe)", "(ma–\u2060pe)"), ("(mån–fre)", "(mån–\u2060fre)"), ("(2025–26)", "(2025–26)")],
)
def test_days_in_brackets_are_not_broken_at_their_dash(days: str, shown: str) -> None:
    assert drawn("{% filter divided %}5 arkipäivää " + days + "{% endfilter %}").endswith(shown)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("erecept.example.fi", "erecept.example.fi"),
        (
            "palvelin-1.terveydenhuolto.example.fi",
            "palvelin-1.<wbr>terveydenhuolto.<wbr>example.fi",
        ),
        (
            "x1.vastaanotto.terveydenhuolto.kys.fi",
            "x1.vastaanotto.<wbr>terveydenhuolto.<wbr>kys.fi",
        ),
        ("www.varmennepalvelin.fi/reseptit", "www.varmennepalvelin.fi/<wbr>reseptit"),
        ("matti.meikalainen@example.fi", "matti.<wbr>meikalainen@<wbr>example.fi"),
        ("CN=erecept.example.fi,O=Kuusi,C=FI", "CN=erecept.<wbr>example.fi,<wbr>O=Kuusi,<wbr>C=FI"),
        (
            "TEST-SV-2026-00001_erecept.example.fi_2027-11-29_chain.p7b",
            'TEST-<span class="nowrap">SV-2026-00001</span>_<wbr>erecept.<wbr>example.fi_<wbr>'
            '<span class="nowrap">2027-11-29</span>_<wbr>chain.p7b',
        ),
        ("Vastaa: SV-2026-00001", 'Vastaa: <span class="nowrap">SV-2026-00001</span>'),
        ("_dvv.terveydenhuolto.example.fi", "_dvv.<wbr>terveydenhuolto.<wbr>example.fi"),
        ("O=Kuusi & Kaski <b>, C=FI", "O=Kuusi &amp; Kaski &lt;b&gt;, C=FI"),
    ],
)
def test_a_long_name_breaks_at_its_joints(name: str, shown: str) -> None:
    assert drawn("{{ name|at_joints }}", name=name) == shown


@pytest.mark.parametrize(
    ("language", "word", "shown"),
    [
        ("fi", "Järjestelmäallekirjoitusvarmenne", "Jär-jes-tel-mäal-le-kir-joi-tus-var-menne"),
        ("fi", "Testi-palvelinvarmenne", "Testi-pal-ve-lin-var-menne"),
        ("sv", "Systemsignaturcertifikat", "Sys-tem-sig-na-tur-cer-ti-fikat"),
        ("fi", "Palvelin", "Palvelin"),
        ("en", "Systemsignaturcertifikat", "Systemsignaturcertifikat"),
    ],
)
def test_a_long_word_can_be_divided_where_finnish_and_swedish_divide(
    language: str, word: str, shown: str
) -> None:
    with translation.override(language):
        html = drawn("{{ word|breakable }}", word=lazystr(word))
        as_registered = drawn("{{ word|breakable }}", word=word)
    assert html.replace("\u00ad", "-") == shown
    assert as_registered == word


def test_no_blank_after_an_icon_is_underlined_with_its_link() -> None:
    """The style sheet keeps the text apart from the icon of a download."""
    link = re.compile(r'<a\b[^<]*\{% icon "download" %\}\s', re.DOTALL)
    pages = (settings.BASE_DIR / "templates").rglob("*.html")
    assert [page.name for page in pages if link.search(page.read_text())] == []
