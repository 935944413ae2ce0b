"""Each form of posts that docs/how-to/files.md shows is read, and each that is read is shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.docs.project import page
from trendspark_cli.services.post_files.forms import FORMS, form_of, objects_in
from trendspark_cli.services.post_files.reading import PostFile

ROW = re.compile(r"^\| (?P<form>[^|`]+?(?:`[^`]*`[^|`]*)*) \| (?P<example>`.*`) \|$", re.MULTILINE)
SECTION = page("docs/how-to/files.md").partition("## Forms")[2].partition("\n## ")[0]
EXAMPLES = {row["form"]: "\n".join(re.findall(r"`([^`]+)`", row["example"])) + "\n" for row in ROW.finditer(SECTION)}


@pytest.mark.parametrize("form", EXAMPLES)
def test_the_example_of_a_form_is_one_post(tmp_path: Path, form: str) -> None:
    (tmp_path / "posts").write_text(EXAMPLES[form], encoding="utf-8")
    file = PostFile(str(tmp_path / "posts"))

    [whole] = file.pages()

    file.check()
    assert (len(whole.posts), "harbour bridge closed" in whole.posts[0].text.lower()) == (1, True)


def test_every_form_that_is_read_has_its_example() -> None:
    shown = set()
    for example in EXAMPLES.values():
        if example.startswith("{"):
            for value, _ in objects_in(json.loads(example), ""):
                form = form_of(value or {})
                shown.add(form.name if form else None)

    assert len(EXAMPLES) == SECTION.count("\n| ") - 2
    assert shown == {form.name for form in FORMS}
