import sys

from hypothesis import given
from hypothesis import strategies as st

from trendspark_cli.ranking.text.known_pieces import OTHER_SPACES, KnownPieces

SPACES = "".join(filter(str.isspace, map(chr, range(sys.maxunicode + 1))))
ANY = st.text(st.characters(exclude_characters="\0"), max_size=40)
LIKE_OTHERS = st.text("abé東\ud800", min_size=14, max_size=19)  # as long as a row of the table, or a little longer


class Numbers(dict[str, int]):
    """A number for each piece it is asked for, the next for a new one."""

    def __missing__(self, piece: str) -> int:
        return self.setdefault(piece, 1 + len(self))


def test_pieces_are_parted_by_what_parts_them_elsewhere() -> None:
    assert set(OTHER_SPACES) == {space for space in SPACES if not space.isascii()}


@given(st.lists(ANY | st.text(f"ab{SPACES}") | LIKE_OTHERS, max_size=12))
def test_each_piece_has_its_own_code_the_first_time_and_again(texts: list[str]) -> None:
    known, numbers = KnownPieces(), Numbers()
    text = f" {' '.join(texts)} "

    found = [known.codes(text, numbers.__getitem__).tolist() for _ in range(2)]

    assert found == [[numbers[piece] for piece in text.split()]] * 2


def test_short_pieces_are_asked_for_once_and_long_ones_each_time() -> None:
    known, asked = KnownPieces(), list[str]()

    def code_of(piece: str) -> int:
        asked.append(piece)
        return len(asked)

    for _ in range(2):
        known.codes(" sixteen-letters- seventeen-letters ", code_of)

    assert asked == ["sixteen-letters-", "seventeen-letters", "seventeen-letters"]


def test_pieces_that_fall_on_one_row_keep_their_codes() -> None:
    known, numbers = KnownPieces(), Numbers()
    pieces = [f"w{number}" for number in range(20_000)]  # some two hundred of them do
    text = f" {' '.join(pieces)} "

    found = [known.codes(text, numbers.__getitem__).tolist() for _ in range(2)]

    assert found == [[numbers[piece] for piece in pieces]] * 2
