import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendspark_cli.ranking.text.keys import term_key
from trendspark_cli.ranking.text.terms import MOST_WORDS, Vocabulary, keys_of_posts


def terms_of(text: str) -> set[int]:
    """The keys of a text's terms."""
    return keys_of_posts([text])[0]


def keys(*terms: str) -> set[int]:
    """The keys of these terms."""
    return {term_key(term) for term in terms}


def test_a_tag_and_its_word_are_one_term() -> None:
    assert terms_of("#Marathon") == terms_of("marathon") == keys("marathon")


def test_a_cashtag_stays_apart_from_its_word() -> None:
    assert terms_of("$TSLA") == keys("$tsla")


def test_an_amount_of_money_is_a_number() -> None:
    assert terms_of("$500") == keys("500")


@pytest.mark.parametrize("text", ["5-4", "9-11", "2013-06-26", "24-7", "5‑4"])
def test_numbers_joined_by_a_hyphen_are_not_the_number_of_their_digits(text: str) -> None:
    assert terms_of(text) == keys(text.replace("‑", "-"))


def test_adjacent_words_make_a_pair_but_not_across_a_stop_word() -> None:
    assert terms_of("Boston marathon of runners") == keys("boston", "marathon", "runners", "boston marathon")


@pytest.mark.parametrize("text", ["Boston's", "Boston’s", "BOSTON", "“Boston”,", "(boston)", "Boston's!"])
def test_case_quotes_and_possessive_make_no_other_term(text: str) -> None:
    assert terms_of(text) == keys("boston")


@pytest.mark.parametrize("text", ["don't", "don’t", "the", "и", "для", "está", "nicht", "a", "7", "42", "x", "@", "#"])
def test_words_that_say_nothing_are_no_terms(text: str) -> None:
    assert terms_of(text) == set()


@pytest.mark.parametrize("text", ["RT @bob: quake", "rt @bob quake", "quake https://t.co/abc", "HTTP://x.y/ quake"])
def test_repost_prefix_and_links_are_no_terms(text: str) -> None:
    assert terms_of(text) == keys("quake")


def test_words_joined_by_a_slash_are_words_and_a_pair() -> None:
    assert terms_of("Lakers/Celtics") == keys("lakers", "celtics", "lakers celtics")


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("東京オリンピック", "東京"),
        ("大地震が発生", "地震"),
        ("हिन्दी समाचार", "हिन्दी"),
        ("землетрясение в Турции", "землетрясение"),
        ("زلزال تركيا", "زلزال"),
        ("ข่าวด่วน", "ข่"),
        ("지진 발생", "지진"),
        ("Île-de-France", "iledefrance"),
        ("ＴＯＫＹＯ", "tokyo"),
    ],
)
def test_words_of_other_scripts_are_terms(text: str, term: str) -> None:
    assert term_key(term) in terms_of(text)


def test_composed_and_decomposed_accents_are_one_term() -> None:
    assert terms_of("séisme") == terms_of("se\u0301isme")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("v\u200bol\u00adca\u2060no", "volcano"),
        ("\ufeffvolcano\u200f", "volcano"),
        ("رستم\u200cآباد", "رستماباد"),
        ("مـــصر", "مصر"),
        ("vоlсаnо", "volcano"),  # o, c and a are Cyrillic
        ("İstanbul", "istanbul"),
        ("ﷲ", "الله"),
        ("ﷺ", "صلياللهعليهوسلم"),
    ],
)
def test_what_looks_the_same_to_a_reader_is_one_term(text: str, word: str) -> None:
    assert terms_of(text) == keys(word)


@pytest.mark.parametrize("text", ["москва", "windowsовский", "βcarotene", "їжа", "йод"])
def test_letters_of_another_alphabet_stay_what_they_are(text: str) -> None:
    assert terms_of(text) == keys(text)


@pytest.mark.parametrize("text", ["", " ", "\0", "\1", "😀😀👩‍👩‍👧", "\u0301\u0301", "\u202e", "...", "\n\n", "\ud800"])
def test_a_text_without_words_has_no_terms(text: str) -> None:
    assert terms_of(text) == set()


def test_an_endless_text_gives_a_bounded_number_of_terms() -> None:
    text = " ".join(f"word{number}" for number in range(20_000))

    assert len(terms_of(text)) < 2 * MOST_WORDS


def test_an_endless_word_is_no_term() -> None:
    assert terms_of("quake " + "x" * 10_000) == keys("quake")


def test_an_endless_row_of_characters_in_a_script_without_spaces_is_bounded() -> None:
    assert len(terms_of("".join(chr(0x4E00 + number % 5_000) for number in range(100_000)))) <= MOST_WORDS


@given(st.lists(st.text(max_size=40), max_size=8))
def test_each_text_has_its_own_terms_whatever_its_neighbours(texts: list[str]) -> None:
    assert keys_of_posts(texts) == [terms_of(text) for text in texts]


@pytest.mark.parametrize("word", ["https://-./-/", "https://a.example/story", "tAontas", "#harbour-fire", "café"])
def test_a_word_is_the_same_right_before_a_script_without_spaces(word: str) -> None:
    assert terms_of(f"{word}東京駅") == terms_of(f"{word} 東京駅")


@given(st.text(max_size=60))
def test_terms_are_counted_the_same_in_the_window_and_in_history(text: str) -> None:
    vocabulary = Vocabulary()

    vocabulary.encode([text])
    codes = vocabulary.encode([text])  # the second time from memory

    words = {vocabulary.word_keys[code] for code in codes if code > 1}
    assert words == terms_of(text) & vocabulary.words().keys()


def test_a_term_key_is_the_same_in_every_process() -> None:
    assert term_key("boston marathon") == 7377707730405158710


def test_the_order_of_two_words_matters() -> None:
    assert term_key("boston marathon") != term_key("marathon boston")


@given(st.text())
def test_a_term_key_fits_a_signed_64_bit_integer(term: str) -> None:
    assert -(2**63) <= term_key(term) < 2**63
