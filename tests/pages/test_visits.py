"""The instrument itself: what a page asks for elsewhere, or complains of, is noticed."""

import pytest

PAGES = {
    "an image from elsewhere": ('<img src="http://elsewhere.example/a.png">', "http://elsewhere.example/a.png"),
    "a call": ("<script>fetch('https://elsewhere.example/').catch(() => 0)</script>", "https://elsewhere.example/"),
    "a frame": ("<iframe src='http://192.0.2.1/'></iframe>", "http://192.0.2.1/"),
    "a link to a style": ("<link rel=stylesheet href='//elsewhere.example/a.css'>", "file://elsewhere.example/a.css"),
}


@pytest.mark.parametrize(("html", "url"), PAGES.values(), ids=PAGES)
def test_what_is_asked_for_elsewhere_is_noticed(visit, tmp_path, html, url):
    (tmp_path / "page.html").write_text(html)
    visitor = visit()
    with visitor.page.expect_event("request", lambda request: request.url == url):
        visitor.page.goto((tmp_path / "page.html").as_uri())
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.elsewhere == [url]


@pytest.mark.parametrize(
    ("script", "said"), [("console.error('no good')", "no good"), ("throw Error('at all')", "at all")]
)
def test_what_a_page_complains_of_is_noticed(visit, tmp_path, script, said):
    (tmp_path / "page.html").write_text(f"<script>{script}</script>")
    visitor = visit()
    visitor.page.goto((tmp_path / "page.html").as_uri())
    assert [said in complaint for complaint in visitor.complaints] == [True]
