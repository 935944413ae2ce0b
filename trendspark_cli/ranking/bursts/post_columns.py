"""Posts as columns of numbers, over which all terms are counted at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.text.keys import Integers
from trendspark_cli.ranking.text.terms import Codes

Mask = npt.NDArray[np.bool_]
PostNumbers = Integers | npt.NDArray[np.int32]


class PostColumns(NamedTuple):
    """Posts by time of creation, then id, one array entry each.

    `sources`: numbers into `source_names`. `authors` and `communities`: equal for posts of one author, or community, of
    one source; a post without one has a number of its own.
    `codes`: the words of all posts, END_CODE after each; `owners`: the post of each code, ascending;
    `keys`: the key of each code.
    """

    source_names: tuple[str, ...]
    ids: Integers
    created: Integers
    sources: npt.NDArray[np.int32]
    authors: Integers
    keys: Integers
    codes: Codes
    owners: npt.NDArray[np.int32]
    communities: Integers
