"""Whose topics are read: the profiles of the database, or the one made of the settings when there is none."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Ceiling, Profile
from trendspark_cli.base.settings import Settings

DEFAULT = "default"  # of the settings; also where what belongs to no profile is booked, such as Reddit
MOST_KEYWORDS = 200  # of one profile: about a dozen queries, each of which costs a request
LONGEST_TEXT = 200  # characters of a keyword, or of a niche
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_LANGUAGE = r"[a-z]{2,3}"
_A_LETTER = r"\w|[^\x00-\x7f]"  # or a sign that may be searched for, such as an emoji
_A_HAIR = 1e-9  # what binary fractions add to a sum of shares that is 1


def of_settings(settings: Settings) -> Profile:
    """Return the profile that KEYWORDS and its like make."""
    return Profile(
        DEFAULT,
        settings.keywords,
        settings.exclude_keywords,
        settings.watchlist,
        settings.niche,
        settings.languages,
        interest=settings.interest,
    )


def filled_in(profile: Profile, settings: Settings) -> Profile:
    """Return a profile with what it leaves open taken from the settings."""
    return replace(
        profile,
        exclude_keywords=profile.exclude_keywords or settings.exclude_keywords,
        watchlist=profile.watchlist or settings.watchlist,
        niche=profile.niche or settings.niche,
        languages=profile.languages or settings.languages,
        interest=profile.interest or settings.interest,
    )


def read_profiles(settings: Settings, stored: Sequence[Profile], names: Sequence[str] = ()) -> list[Profile]:
    """Return the profiles of *names*, or every enabled one; the one of the settings when none is stored.

    Raises ConfigError for a name that does not exist, or is disabled.
    """
    known = {profile.name: filled_in(profile, settings) for profile in stored} or {DEFAULT: of_settings(settings)}
    for name in names:
        if name not in known:
            raise ConfigError(f"profile {name!r} does not exist", hint="see `trendspark profiles list`")
        if not known[name].is_enabled:
            raise ConfigError(f"profile {name!r} is disabled", hint=f"run `trendspark profiles edit {name} --enable`")
    return [profile for profile in known.values() if (profile.name in names if names else profile.is_enabled)]


def channels_gone(profile: Profile, configured: Sequence[str]) -> list[str]:
    """Return the channels that a profile names and that are not configured (any more)."""
    return [channel for channel in profile.channels if channel not in configured]


def problems_of(profile: Profile) -> list[str]:
    """Return what is wrong with a profile as an operator wrote it, a line each. Its queries are checked elsewhere."""
    found = []
    if not _NAME.fullmatch(profile.name):
        found.append(f"name {profile.name!r}: expected at most 32 of a-z, 0-9, - and _, a letter or digit first")
    if not profile.keywords:
        found.append("keywords: at least one is needed")
    if len(profile.keywords) > MOST_KEYWORDS:
        found.append(f"keywords: there are {len(profile.keywords)}, at most {MOST_KEYWORDS}; make two profiles of it")
    for kind, words in (
        ("keyword", profile.keywords),
        ("excluded keyword", profile.exclude_keywords),
        ("watched term", profile.watchlist),
    ):
        found += [f"{kind} {word!r}: {why}" for word in words if (why := _text_problem(word))]
    if profile.niche and (why := _text_problem(profile.niche)):
        found.append(f"niche: {why}")
    found += [
        f"language {language!r}: expected a code of two or three letters, such as en"
        for language in profile.languages
        if not re.fullmatch(_LANGUAGE, language)
    ]
    if profile.share is not None and not 0 < profile.share <= 1:
        found.append(f"share {profile.share:g}: expected a fraction above 0, up to 1")
    return found


def shares_problem(profiles: Sequence[Profile]) -> str | None:
    """Return what is wrong with the shares of enabled profiles taken together, or None."""
    shares = [(profile.name, profile.share) for profile in profiles if profile.is_enabled and profile.share]
    total = math.fsum(share for _, share in shares)
    if total <= 1 + _A_HAIR:
        return None
    return f"the shares add up to {total:g}, more than 1: " + ", ".join(f"{name} {share:g}" for name, share in shares)


def shares_of(profile: Profile, ceilings: Sequence[Ceiling]) -> tuple[Ceiling, ...]:
    """Return what a profile may use of each of these ceilings, as ceilings of its own; none without a share."""
    if profile.share is None:
        return ()
    setting = f"its share (`trendspark profiles edit {profile.name} --share`)"
    limits = [math.floor(ceiling.limit * profile.share + _A_HAIR) for ceiling in ceilings]
    return tuple(
        ceiling._replace(limit=limit, setting=setting, profile=profile.name)
        for ceiling, limit in zip(ceilings, limits, strict=True)
    )


def _text_problem(text: str) -> str | None:
    if len(text) > LONGEST_TEXT:
        return f"it has {len(text)} characters, at most {LONGEST_TEXT}"
    if not text.isprintable():
        return "it holds a control character"
    if not re.search(_A_LETTER, text):
        return "it holds no letter or digit"
    return None
