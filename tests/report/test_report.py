"""A page to look at: what it tells, to whom it may not speak, how large it gets."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.installation import Installation
from tests.report.reader import Made, report, run_report
from tests.tools.made_week import STORIES, Told, fill_week, labels, save_topic
from trendspark_cli.base.clock import show_times_in
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.collecting.forgetting import forget_posts

LARGEST_PAGE = 2_000_000  # bytes
LONGEST_SECONDS = 2.0
HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=http://evil.invalid/a.png onerror=alert(1)>',
    "</style><style>@import url(http://evil.invalid/b.css)</style>",
    "{{ 7 * 7 }} {% raw %} ]]> <!-- ' \" &amp; & \u202e\u2066 \ufffe",
)
NO_LINKS = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://trusted.example@evil.invalid/",
    "//evil.invalid/x",
    "https://a b.example/",
    "file:///etc/passwd",
    'https://a.example/"onmouseover="alert(1)',
)


def fill(workplace: Installation, times: int = 1) -> None:
    with closing(workplace.store()) as store, store.transaction():
        fill_week(store, workplace.now, times=times)


def tell(workplace: Installation, story: Told, name: str = "one") -> None:
    with closing(workplace.store()) as store, store.transaction():
        save_topic(store, workplace.now, story, name, random.Random(1))


@pytest.fixture
def week(workplace: Installation) -> Made:
    fill(workplace)
    return report(workplace)


def test_each_trend_of_the_week_is_told_with_its_numbers_words_and_examples(week: Made) -> None:
    page = week.page

    assert all(label in page.text for label in labels())
    assert len(page.all("article")) == len(STORIES) + 1
    for told in ("posts by", "usual at this hour", "first post", "found", "bluesky", "cityscience", "tailback"):
        assert told in page.text, told
    assert "Drone picture of the crane" in page.text
    assert "good, says desk" in page.text
    assert "machine-written by gpt-5-mini" in page.text


def test_each_curve_has_its_alert_marked_and_the_same_as_a_table(week: Made) -> None:
    page = week.page

    plots = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    marked = [line for line in page.all("line") if line.get("class") == "alert"]
    assert len(plots) == len(marked) == len(STORIES)
    assert all(svg["aria-label"] for svg in plots)
    assert page.source.count("The same as a table") == len(STORIES) + 1  # and the timeline


def test_health_budget_archive_jobs_and_runs_are_in_a_fold_of_their_own(workplace: Installation) -> None:
    report(workplace)
    page = report(workplace).page

    fold = page.source.partition('<details id="state"')[2]
    for title in ("Health", "Budget", "Archive", "Jobs", "Last runs"):
        assert f">{title}</h3>" in fold
    assert "<td>success" in fold


def test_the_page_runs_nothing_and_its_policy_lets_nothing_in_but_its_own_style(week: Made) -> None:
    page = week.page
    [policy] = [str(m["content"]) for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    style = page.source.partition("<style>")[2].partition("</style>")[0]
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert policy == (
        f"default-src 'none'; style-src 'sha256-{allowed}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert page.source.index("Content-Security-Policy") < page.source.index("<style>")
    assert not page.all("script") + page.all("img") + page.all("iframe") + page.all("object")
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on") or a in ("style", "src")]
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_names_and_labels_are_text_everywhere(workplace: Installation, text: str) -> None:
    hostile = replace(
        STORIES[0], label=text, terms=(text, "word"), communities=(text,), texts=(text,), sources=("reddit",)
    )
    tell(workplace, hostile)
    with closing(workplace.store()) as store, store.transaction():
        store.connection.execute("UPDATE trend_examples SET name = ?", (text,))
    made = report(workplace)

    page, [entry], [item] = made.page, made.atom.entries, made.json["items"]
    shown = " ".join(text.replace("\u202e", "").replace("\u2066", "").replace("\ufffe", "").split())
    assert page.text.count(shown) >= 4
    assert not page.all("script") + page.all("img")
    assert len(page.all("style")) == 1
    assert made.atom.bozo == 0
    assert shown in entry.title
    assert "<script" not in item["content_html"]
    assert "<img" not in item["content_html"]


@pytest.mark.parametrize("url", NO_LINKS)
def test_only_addresses_of_pages_become_links(workplace: Installation, url: str) -> None:
    tell(workplace, STORIES[0])
    with closing(workplace.store()) as store, store.transaction():
        store.connection.execute("UPDATE trend_examples SET url = ?", (url,))
    made = report(workplace)

    assert [link for link in made.page.links if not link.startswith(("#", "trends."))] == []
    assert "href=" not in made.json["items"][0]["content_html"]


def test_links_tell_the_other_side_nothing(week: Made) -> None:
    away = [link for link in week.page.all("a") if str(link["href"]).startswith("http")]

    assert away
    assert {link["rel"] for link in away} == {"noopener noreferrer nofollow ugc"}


def test_five_hundred_trends_are_a_small_page_in_little_time(workplace: Installation) -> None:
    fill(workplace, times=56)
    run_report(workplace, is_dry=True, since=timedelta(minutes=1))  # imports aside

    began = time.process_time()
    result = run_report(workplace)
    took = time.process_time() - began

    assert result.counts["trends"] == 500
    assert (workplace.home / "report" / "index.html").stat().st_size < LARGEST_PAGE
    assert took < LONGEST_SECONDS
    assert "These are the strongest 500" in (workplace.home / "report" / "index.html").read_text()


def test_what_was_forgotten_is_in_no_file_of_the_next_report(workplace: Installation) -> None:
    fill(workplace)
    text = "Drone picture of the crane"
    assert text in report(workplace).everything

    [post] = workplace.rows(f"SELECT source, source_id FROM posts WHERE text LIKE '{text}%'")
    with closing(workplace.store()) as store:
        forget_posts(store, post["source"], post["source_id"], "", workplace.now)
    after = report(workplace).everything

    assert text not in after
    assert "Harbour Bridge" in after


def test_a_single_post_that_was_forgotten_leaves_no_word(workplace: Installation) -> None:
    fill(workplace)
    assert "grandfather" in report(workplace).everything

    with closing(workplace.store()) as store:
        forget_posts(store, "reddit", "", "t2_radio", workplace.now)

    assert "grandfather" not in report(workplace).everything


def test_times_are_those_of_the_readers(workplace: Installation) -> None:
    fill(workplace)
    from zoneinfo import ZoneInfo

    show_times_in(ZoneInfo("Australia/Sydney"))
    try:
        text = report(workplace).page.text
    finally:
        show_times_in(ZoneInfo("UTC"))

    assert re.search(r"\d\d:\d\d AEDT", text)
    assert not re.search(r"\d\d:\d\dZ", text)


def test_it_goes_back_as_far_as_it_is_told(workplace: Installation) -> None:
    fill(workplace)

    text = report(workplace, since=timedelta(hours=30)).page.text

    assert "ferry strike" in text
    assert "marathon route" not in text


def test_a_profile_has_a_report_of_its_own(workplace: Installation) -> None:
    workplace.environment["KEYWORDS"] = "ferry"
    fill(workplace)

    page = report(workplace, profile=DEFAULT).page

    assert f"What is trending: {DEFAULT}" in page.text
    assert len(page.all("article")) == 1


def test_a_term_of_the_watchlist_is_marked(workplace: Installation) -> None:
    workplace.environment["WATCHLIST"] = "ferry strike"
    fill(workplace)

    assert report(workplace).page.text.count("★ watched") == 1


def test_an_empty_database_makes_a_report_that_says_so(workplace: Installation) -> None:
    made = report(workplace)

    assert "Nothing is trending now." in made.page.text
    assert (made.atom.entries, made.json["items"]) == ([], [])


def test_a_dry_run_tells_the_size_and_writes_nothing(workplace: Installation) -> None:
    fill(workplace)

    result = run_report(workplace, is_dry=True)

    assert result.counts["trends"] == len(STORIES) + 1
    assert result.counts["bytes"] > 10_000  # type: ignore[operator]
    assert not (workplace.home / "report").exists()


def test_secrets_in_errors_of_runs_are_masked(workplace: Installation) -> None:
    workplace.environment["OPENAI_API_KEY"] = secret = "sk-verysecretkeyofthetest"
    with closing(workplace.store()) as store, store.transaction():
        run = store.job_runs.start("brief", workplace.now, 1, "host", "1")
        store.job_runs.finish(run, "error", 69, f"refused {secret}", {}, workplace.now, 1.0)

    text = report(workplace).everything

    assert "refused ***" in text
    assert secret not in text


def test_the_command_writes_to_the_folder_it_is_given(workplace: Installation) -> None:
    folder = workplace.home.parent / "for the boss"

    done = workplace.command("report", "--output", str(folder), "--since", "30d", "--json")

    assert (done.exit_code, done.json["counts"]["files"]) == (0, 3)
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "trends.atom", "trends.json"]
    assert workplace.series()['trendspark_job_last_exit_code{job="report"}'] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--since", "soon"), "--since: "), (("--since", "1s"), "--since: "), (("--profile", "nobody"), "'nobody'")],
)
def test_what_cannot_be_told_is_refused_in_one_line(
    workplace: Installation, arguments: tuple[str, ...], told: str
) -> None:
    done = workplace.command("report", *arguments)

    assert done.exit_code == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
