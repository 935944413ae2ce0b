"""An env file with other values in it: whatever is not meant stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendspark_cli.setup.env_text import changed, line_of, values_in

PRINTABLE = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Zs")) | st.just(" "), max_size=40)
OTHERS = "# mine\n\nexport A=1\nB='two words' # why\n\nnonsense\nC=\n"


@given(value=PRINTABLE)
def test_a_value_is_read_back_as_it_was_written(value: str) -> None:
    assert values_in(line_of("NAME", value)) == {"NAME": value}


@given(value=PRINTABLE)
def test_lines_that_say_nothing_of_a_setting_stay(value: str) -> None:
    after = changed(OTHERS, {"NEW": value})

    assert after.startswith(OTHERS)
    assert values_in(after)["NEW"] == value
    assert changed(after, {"NEW": value}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nB=2\n", "A=1\nB=9\n"),
        ("B=2 # of three\nA=1", "B=9 # of three\nA=1"),
        ("\n\n  export B=2\n", "\n\n  export B=9\n"),
        ("B='a b'\r\nA=1\r\n", "B=9\r\nA=1\r\n"),
        ("B=1\nA=1\nB=2\n", "A=1\nB=9\n"),
        ("B\nA=1\n", "B=9\nA=1\n"),
        ("A=1", "A=1\nB=9\n"),
        ("#B=\nA=1\n", "#B=\nA=1\nB=9\n"),
        ("", "B=9\n"),
    ],
)
def test_a_value_takes_the_place_of_the_one_that_counted(before: str, after: str) -> None:
    assert changed(before, {"B": "9"}) == after


def test_a_name_that_is_gone_takes_its_line_along() -> None:
    assert changed("# a\nA_FILE=/x\nB=2\n", {"A": "1"}, frozenset({"A_FILE"})) == "# a\nB=2\nA=1\n"
