"""Events of the same weeks that the lists of the data do not have, written down from memory and not from the posts.

An event counts by the rule of the lists: ten posts with one of its words in its first day, and three times as many as
on a day of the week before. Which of them anything was chosen by: docs/ranking-quality.md.
"""

from __future__ import annotations

import gzip
import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

LEAST_POSTS, LEAST_RATIO = 10, 3
LARGE = 30  # posts of the first day
DAY, WEEK, SIX_HOURS = timedelta(days=1), timedelta(days=7), timedelta(hours=6)
_WORD = re.compile(r"[\w'/.-]+")

EVENTS = """
04-03 17:30|lucasarts
04-04 17:00|facebook home;facebook phone;htc first
04-05 00:00|adam orth;dealwithit;always online
04-08 15:30|annette;funicello
04-09 03:00|louisville
04-10 16:00|bitcoin;bitcoins;mtgox
04-12 12:00|jonathan winters;winters
04-13 05:00|kobe;achilles
04-14 23:00|adam scott;masters
04-15 03:30|venezuela;maduro;capriles
04-16 22:00|ricin
04-16 22:30|man of steel
04-17 20:00|background checks;background check;gun control
04-18 17:00|cispa
04-18 21:20|fbi;suspects;suspect
04-19 00:00|get lucky;daft punk
04-20 00:02|sichuan
04-20 04:00|420;4/20
04-21 16:00|suarez;suárez;ivanovic
04-22 04:00|earth day
04-23 13:00|thor
04-24 03:00|bangladesh
04-26 00:00|nfl draft;draft
04-26 14:00|george jones
04-26 16:00|westbrook
04-29 14:00|tebow
04-30 14:00|gta v;gta
05-01 08:00|may day
05-01 15:00|call of duty;ghosts
05-02 22:30|hanneman;slayer
05-04 04:00|may the 4th;may the fourth;star wars
05-04 22:00|kentucky derby;derby
05-05 04:00|cinco;mayo
05-06 20:30|ea
05-07 17:00|harryhausen
05-08 08:20|ferguson;sir alex;moyes
05-10 14:00|irs
05-12 04:00|mother's day;mothers day;mother
05-12 22:00|hadfield;space oddity
05-13 20:30|associated press;doj;phone records
05-13 20:00|daft punk;random access memories
05-14 02:00|leafs;bruins
05-14 05:00|angelina;jolie
05-15 16:00|google i/o;i/o;hangouts;all access
05-16 11:00|beckham
05-16 04:00|star trek
05-17 00:30|rob ford
05-18 19:00|eurovision
05-20 12:00|tumblr
05-20 21:00|manzarek
05-20 23:00|zach sobiech;sobiech
05-24 02:00|skagit;bridge
05-25 16:00|monsanto
05-25 18:45|bayern;dortmund
05-26 16:00|indy 500;indy;kanaan
05-27 04:00|memorial day
05-29 07:00|bachmann
05-31 23:00|el reno;tornado;okc
06-01 20:30|matt smith;doctor who
06-03 13:00|lautenberg
06-03 13:30|manning;bradley manning
06-06 22:00|prism
06-07 19:00|santa monica
06-09 13:00|nadal;french open
06-10 16:00|xbox one;e3;xbox
06-10 17:00|ios 7;ios;wwdc;ios7
06-11 06:00|taksim;gezi
06-11 14:00|smash bros;smash;mega man;megaman
06-11 20:00|black forest;colorado
06-13 14:10|genes;gene;patented
06-13 21:00|syria;syrian
06-14 04:00|man of steel;superman
06-14 20:00|yeezus;kanye
06-15 12:00|rouhani;iran
06-16 04:00|father's day;fathers day;father
06-16 23:00|mickelson;justin rose;us open
06-19 03:30|spurs;heat;ray allen
06-19 21:00|drm;xbox
06-20 20:00|paula deen;deen
06-21 04:00|heat;spurs;lebron
06-23 02:00|supermoon;super moon;moon
06-23 08:00|hong kong;moscow;snowden
06-23 20:00|mandela
06-24 01:00|wallenda;grand canyon
06-24 20:00|matheson
06-25 14:20|voting rights
06-26 10:00|rudd;gillard
06-26 13:00|hernandez
06-26 18:00|federer;stakhovsky
06-27 23:30|nba draft;draft
06-28 02:00|pierce;nets;garnett
06-30 19:30|schneider;luongo
06-30 22:00|spain;neymar;confederations
07-01 04:00|canada day
07-01 07:00|google reader
07-01 03:00|firefighters;yarnell;hotshots
07-02 02:40|proton;rocket
07-02 20:00|bolivia;bolivian;morales
07-03 19:00|egypt;morsi;egyptian
07-04 04:00|magna carta
07-04 14:00|restore the fourth
07-04 20:00|seguin
07-05 22:00|dwight;dwight howard
07-06 05:15|quebec;lac-mégantic;train
07-07 04:30|weidman;anderson silva;silva
07-07 16:20|murray;wimbledon
07-08 21:30|toronto
07-09 14:00|gta v;gta
07-11 17:00|steam sale;summer sale;steam
07-12 01:00|sharknado
07-12 04:00|pacific rim
07-12 14:00|malala
07-14 05:30|monteith;cory;glee
"""  # day and hour of 2013 in UTC | words


def further_events(posts: Path, since: str, until: str) -> list[dict[str, Any]]:
    """Return the events of this time that a split's posts show, as the lists have them."""
    asked = [(start, words) for start, words in _listed() if since <= _text(start) < until]
    found = {number: list[str]() for number in range(len(asked))}
    spans = [(_text(start - WEEK), _text(start + DAY), [f" {word} " for word in words]) for start, words in asked]
    with gzip.open(posts, "rt", encoding="utf-8") as lines:
        for post in map(json.loads, lines):
            at, words_of_post = post["created_at"], (word.strip("'./-") for word in _WORD.findall(post["text"].lower()))
            text = f" {' '.join(words_of_post)} "
            for number, (first, end, words) in enumerate(spans):
                if first <= at < end and any(word in text for word in words):
                    found[number].append(at)
    events = [_event(*one, found[number]) for number, one in enumerate(asked)]
    return [event for event in events if event["posts_24h"] >= max(LEAST_POSTS, LEAST_RATIO * event["base_per_day"])]


def _listed() -> Iterator[tuple[datetime, Sequence[str]]]:
    for line in EVENTS.strip().splitlines():
        start, words = line.split("|")
        yield datetime.fromisoformat(f"2013-{start.replace(' ', 'T')}:00"), words.split(";")


def _event(start: datetime, words: Sequence[str], times: Sequence[str]) -> dict[str, Any]:
    """Return an event with its posts by time, oldest first, as the lists write it."""
    before = bisect_left(times, _text(start))
    after = len(times) - before
    return {
        "id": words[0].replace(" ", "-"),
        "start": _text(start),
        "keywords": list(words),
        "what": words[0],
        "base_per_day": before / 7,
        "posts_6h": bisect_left(times, _text(start + SIX_HOURS)) - before,
        "posts_24h": after,
        "size": "large" if after >= LARGE else "small",
    }


def _text(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"
