"""Whatever a service answers in place of what it should: one clear line and its exit code, never a traceback."""

from __future__ import annotations

import pytest

from tests.installation import Done, Installation
from tests.tools.odd_services import SERVICES, answering

DEEP = 100_000
DIGITS = b"9" * 5000
ODD: dict[str, bytes] = {
    "a list": b"[]",
    "a number": b"7",
    "a text": b'"ok"',
    "null": b"null",
    "nothing": b"",
    "zero bytes": b"\0" * 64,
    "NaN": b"NaN",
    "an endless number": b'{"data": 1e999, "ok": 1e999, "meta": {"result_count": 1e999}, "usage": 1e999}',
    "brackets": b"[" * DEEP,
    "brackets that close": b"[" * DEEP + b"]" * DEEP,
    "objects within": b'{"data":' * DEEP + b"1" + b"}" * DEEP,
    "a list within": b'{"data": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "bytes that are no text": b'{"data": [{"id": "\xff\xfe"}], "ok": true, "kind": "\xff"}',
    "a number of 5,000 digits": b'{"data": [{"id": '
    + DIGITS
    + b'}], "ok": true, "result": {"message_id": '
    + DIGITS
    + b"}}",
    "texts for numbers": b'{"data": [{"id": 7, "text": 8}], "meta": {"result_count": "1"}, "ok": "true", "kind": 7}',
    "objects for lists": b'{"data": {"0": {}}, "meta": [], "ok": {}, "kind": "Listing", "children": {}, "output": {}}',
}
CODES = {
    "x": 76,
    "x counts": 76,
    "x rules": 76,
    "reddit": 76,
    "reddit sign-in": 76,
    "telegram": 69,
    "openai": 3,
    "s3": 76,
}
every_service = pytest.mark.parametrize("service", SERVICES)


def ask(workplace: Installation, service: str, body: bytes) -> Done:
    """Run the command that asks a service which answers so."""
    asked = SERVICES[service]
    with answering(body, signs_in=asked.signs_in) as url:
        asked.prepare(workplace)
        workplace.environment.update(asked.settings(url))
        return workplace.command(*asked.command, seconds=100)


@every_service
@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_an_answer_of_another_form_is_one_line(workplace: Installation, service: str, body: bytes) -> None:
    done = ask(workplace, service, body)

    assert (done.exit_code, done.stderr.count("\n")) == (CODES[service], 1), done.stderr
    assert done.stderr.startswith(f"trendspark {' '.join(SERVICES[service].command[:2])[:6]}")


DONE = b'"ok": true, "result": {"message_id": 7}'
READ_ALL_THE_SAME = {
    "a byte order mark": b'\xef\xbb\xbf{"data": [], "meta": {"result_count": 0}, %s}' % DONE,
    "keys twice": b'{"data": 5, "data": [], "meta": [], "meta": {"result_count": 0}, "ok": false, %s}' % DONE,
    "30 digits": b'{"data": [], "meta": {"result_count": 0}, "ok": true, "result": {"message_id": 9%s}}' % (b"9" * 29),
    "half a character": b'{"data": [], "meta": {"result_count": 0, "x": "\\ud800"}, %s}' % DONE,
}


@pytest.mark.parametrize("service", ["x", "telegram"])
@pytest.mark.parametrize("body", READ_ALL_THE_SAME.values(), ids=READ_ALL_THE_SAME.keys())
def test_an_answer_that_can_be_read_all_the_same_is_read(workplace: Installation, service: str, body: bytes) -> None:
    done = ask(workplace, service, body)

    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize("tokens", [b"1" + b"0" * 29, b"-5", b"true", b'"5"', b"NaN", b"1e999", b"[]", b"null"])
def test_what_a_model_says_of_its_tokens_is_no_bug(workplace: Installation, tokens: bytes) -> None:
    done = ask(workplace, "openai", b'{"output": [], "usage": {"input_tokens": %s, "output_tokens": 1}}' % tokens)

    assert (done.exit_code, "Traceback" in done.stderr) == (3, False)  # it holds no text
    assert workplace.values("SELECT count(*) FROM spend_reservations") == [0]


WHOLE = "<IsTruncated>false</IsTruncated>"
LISTINGS = {
    "a size that is a text": f"{WHOLE}<Contents><Key>a</Key><Size>many</Size></Contents>",
    "an endless size": f"{WHOLE}<Contents><Key>a</Key><Size>1e999</Size></Contents>",
    "a size below nothing": f"{WHOLE}<Contents><Key>a</Key><Size>-5</Size></Contents>",
    "a size of 5,000 digits": f"{WHOLE}<Contents><Key>a</Key><Size>{'9' * 5000}</Size></Contents>",
    "no size": f"{WHOLE}<Contents><Key>a</Key></Contents>",
    "no key": f"{WHOLE}<Contents><Size>5</Size></Contents>",
    "an empty key": f"{WHOLE}<Contents><Key/><Size>5</Size></Contents>",
    "two keys": f"{WHOLE}<Contents><Key>a</Key><Key>b</Key><Size>5</Size></Contents>",
    "nothing of a listing": "",
    "tags within tags": "<a>" * 40_000 + "</a>" * 40_000,
    "tags that stay open": "<a>" * 90_000,
    "a zero byte": f"{WHOLE}<Name>\0</Name>",
    "more after its end": f"{WHOLE}</ListBucketResult>junk<ListBucketResult>",
    "another root": f"</ListBucketResult><Other>{WHOLE}</Other><ListBucketResult>",
}


@pytest.mark.parametrize("listing", LISTINGS.values(), ids=LISTINGS.keys())
def test_a_listing_of_another_form_is_one_line(workplace: Installation, listing: str) -> None:
    done = ask(workplace, "s3", f"<ListBucketResult>{listing}</ListBucketResult>".encode())

    assert (done.exit_code, done.stderr.count("\n")) == (76, 1), done.stderr


@pytest.mark.parametrize("page", [b"<html><body>hello</body></html>", b"<html><br>hello", b"<Other/>", b"plain"])
def test_a_page_of_somebody_else_is_no_listing(workplace: Installation, page: bytes) -> None:
    assert ask(workplace, "s3", page).exit_code == 76


def test_names_that_make_each_other_grow_are_refused(workplace: Installation) -> None:
    names = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    page = f'<!DOCTYPE l [<!ENTITY a0 "{"x" * 1000}">{names}]><ListBucketResult><Name>&a8;</Name></ListBucketResult>'

    assert ask(workplace, "s3", page.encode()).exit_code == 76
