"""`trendspark profiles list|show|add|edit|interest|remove`."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from trendspark_cli.app.installation import Installation
from trendspark_cli.app.with_store import change, read_only
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.console import short_time, shortened
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import (
    DEFAULT,
    channels_gone,
    filled_in,
    of_settings,
    problems_of,
    read_profiles,
    shares_problem,
)
from trendspark_cli.base.setting_values import INTEREST_NAMES, LIST
from trendspark_cli.cli.completing import profile_names
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation
from trendspark_cli.kinds.channels import configured_channels
from trendspark_cli.services.x.query import queries_of
from trendspark_cli.store.protocol import Store

app = sub_app("Topics by name; once there is one, KEYWORDS is not read.")
Name = Annotated[str, typer.Argument(help="The profile, such as harbour or local-news.", autocompletion=profile_names)]
TAKES_OVER = "KEYWORDS is not read any more: add a profile called default to go on with it"
EMPTY = " Empty is as the settings say."
KeywordsOption = Annotated[str | None, typer.Option(help="Words and phrases to search X for, separated by commas.")]
ExcludeOption = Annotated[str | None, typer.Option(help="Posts with these words are not searched for." + EMPTY)]
WatchlistOption = Annotated[str | None, typer.Option(help="Terms whose trends are marked in lists." + EMPTY)]
NicheOption = Annotated[str | None, typer.Option(help="Your field, in a few words, for ideas." + EMPTY)]
LanguagesOption = Annotated[str | None, typer.Option(help="Languages, as codes such as en,de." + EMPTY)]
ChannelsOption = Annotated[
    str | None, typer.Option(help="Channels its trends are told in, as `channels list` shows them. Empty is all.")
]
InterestOption = Annotated[
    str | None,
    typer.Option(help="What matters: words and r/communities, separated by commas; see `profiles interest`." + EMPTY),
]
ShareOption = Annotated[
    float | None, typer.Option(help="Part of X's ceilings it may use, above 0 and up to 1; 0 is no share of its own.")
]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List the profiles; without any, the one that the settings make."""
    installed = this_installation("profiles", is_json=as_json)

    def action(store: Store) -> None:
        profiles = store.profiles.all() or [of_settings(installed.settings)]
        if as_json:
            installed.output.data({"profiles": [_shown(installed, profile) for profile in profiles]})
            return
        installed.output.table(
            ("name", "enabled", "share", "keywords", "niche"),
            [
                (
                    profile.name,
                    "yes" if profile.is_enabled else "no",
                    f"{profile.share:g}" if profile.share else "",
                    shortened(", ".join(profile.keywords), 60),
                    shortened(filled_in(profile, installed.settings).niche, 30),
                )
                for profile in profiles
            ],
            less_needed=("share", "niche"),
            texts=("keywords", "niche"),
        )

    raise typer.Exit(read_only(installed, "profiles list", action))


@app.command()
def show(name: Name, as_json: JsonFlag = False) -> None:
    """Show a profile with what it takes from the settings, and the X queries it makes."""
    installed = this_installation("profiles", is_json=as_json)

    def action(store: Store) -> None:
        _tell(installed, _found(installed, store, name))

    raise typer.Exit(read_only(installed, "profiles show", action))


@app.command()
def add(
    name: Name,
    keywords: KeywordsOption = None,
    exclude_keywords: ExcludeOption = None,
    watchlist: WatchlistOption = None,
    niche: NicheOption = None,
    languages: LanguagesOption = None,
    share: ShareOption = None,
    channels: ChannelsOption = None,
    interest: InterestOption = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Do not read it yet.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Add a profile. The first one takes the place of KEYWORDS; one called default goes on where KEYWORDS was."""
    installed = this_installation("profiles", is_json=as_json)

    def action(store: Store) -> None:
        if store.profiles.get(name) is not None:
            raise UsageError(f"profile {name!r} is there already", hint=f"run `trendspark profiles edit {name}`")
        now = to_text(installed.clock())
        new = Profile(name, (), is_enabled=not disabled, created_at=now)
        wanted = _changed(new, keywords, exclude_keywords, watchlist, niche, languages, share)
        wanted = _interested(_routed(installed, wanted, channels), interest)
        takes_over = name != DEFAULT and bool(installed.settings.keywords) and not store.profiles.all()
        _tell(installed, _save(installed, store, wanted), note=TAKES_OVER if takes_over else "")

    raise typer.Exit(change(installed, "profiles add", action))


@app.command()
def edit(
    name: Name,
    keywords: KeywordsOption = None,
    exclude_keywords: ExcludeOption = None,
    watchlist: WatchlistOption = None,
    niche: NicheOption = None,
    languages: LanguagesOption = None,
    share: ShareOption = None,
    channels: ChannelsOption = None,
    interest: InterestOption = None,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether `ingest` and `stream` read it.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Change what is given of a profile. A query that changes is read anew; gaps of the old one are still filled."""
    installed = this_installation("profiles", is_json=as_json)

    def action(store: Store) -> None:
        old = _found(installed, store, name, is_stored=True)
        if enable is not None:
            old = replace(old, is_enabled=enable)
        wanted = _changed(old, keywords, exclude_keywords, watchlist, niche, languages, share)
        wanted = _interested(_routed(installed, wanted, channels), interest)
        _tell(installed, _save(installed, store, wanted))

    raise typer.Exit(change(installed, "profiles edit", action))


@app.command()
def interest(
    name: Name,
    words: Annotated[str, typer.Argument(help="Words and r/communities, separated by commas.")],
    save: Annotated[bool, typer.Option("--save", help="Keep them for this profile, too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show which trends of the last weeks these names would order sooner and later; keep them with --save."""
    from trendspark_cli.screens.interest import show_moves
    from trendspark_cli.trends.interest import OperatorInterest, interest_names

    installed = this_installation("profiles", is_json=as_json)

    def show(store: Store) -> None:
        names = interest_names(installed.settings, store.profiles.all())
        wanted = _interested(_found(installed, store, name), words)
        show_moves(OperatorInterest(store, names, installed.clock()), wanted.interest, installed.output)

    def show_and_keep(store: Store) -> None:
        if not store.profiles.all():
            raise UsageError("there is no profile to keep it in", hint=f"set INTEREST={words!r} in the env file")
        profile = _interested(_found(installed, store, name, is_stored=True), words)
        show(store)
        _save(installed, store, profile)
        if not (as_json or installed.output.is_quiet):
            installed.output.line("kept; lists follow with the next run of `rank`")

    raise typer.Exit((change if save else read_only)(installed, "profiles interest", show_and_keep if save else show))


@app.command()
def remove(name: Name, as_json: JsonFlag = False) -> None:
    """Remove a profile. Its posts and cursors stay; its open gaps are given up and kept on record as lost."""
    installed = this_installation("profiles", is_json=as_json)

    def action(store: Store) -> None:
        if not store.profiles.remove(name):
            raise UsageError(f"profile {name!r} does not exist", hint="see `trendspark profiles list`")
        lost = store.gaps.give_up(name, "its profile was removed", installed.clock())
        if as_json:
            installed.output.data({"removed": name, "gaps_lost": lost})
            return
        installed.output.line(f"removed; its posts stay; open gaps given up: {lost}")

    raise typer.Exit(change(installed, "profiles remove", action))


def _found(installed: Installation, store: Store, name: str, *, is_stored: bool = False) -> Profile:
    """Return the profile of this name; without any, the settings make one that can be shown and not changed."""
    profiles = {profile.name: profile for profile in store.profiles.all()}
    if not profiles and not is_stored:
        profiles = {profile.name: profile for profile in read_profiles(installed.settings, ())}
    if name not in profiles:
        raise UsageError(f"profile {name!r} does not exist", hint="see `trendspark profiles list`")
    return profiles[name]


def _changed(
    profile: Profile,
    keywords: str | None,
    exclude_keywords: str | None,
    watchlist: str | None,
    niche: str | None,
    languages: str | None,
    share: float | None,
) -> Profile:
    """Return a profile with the values that were given."""
    given = {
        "keywords": keywords,
        "exclude_keywords": exclude_keywords,
        "watchlist": watchlist,
        "languages": languages,
    }
    values: dict[str, Any] = {}
    for field, text in given.items():
        if text is not None:
            values[field] = _words(field, text)
    if niche is not None:
        values["niche"] = niche.strip()
    if share is not None:
        values["share"] = share or None
    return replace(profile, **values)


def _routed(installed: Installation, profile: Profile, channels: str | None) -> Profile:
    """Return a profile with the channels that were given, each of which must be configured."""
    if channels is None:
        return profile
    names = _words("channels", channels.lower())
    known = configured_channels(installed.settings)
    if unknown := channels_gone(replace(profile, channels=names), known):
        expected = f"one of {', '.join(known)}" if known else "ALERT_URL_<NAME> to be set first"
        raise UsageError(f"channel {unknown[0]!r} is not configured: expected {expected}", hint="nothing was changed")
    return replace(profile, channels=tuple(dict.fromkeys(names)))


def _interested(profile: Profile, interest: str | None) -> Profile:
    """Return a profile with the names of what matters that were given."""
    if interest is None:
        return profile
    try:
        return replace(profile, interest=INTEREST_NAMES.read(interest))
    except (ValueError, RecursionError):
        raise UsageError(
            f"interest {interest!r}: expected {INTEREST_NAMES.expected}", hint="nothing was changed"
        ) from None


def _words(field: str, text: str) -> tuple[str, ...]:
    try:
        return LIST.read(text)
    except (ValueError, RecursionError):
        raise UsageError(f"--{field.replace('_', '-')}: expected {LIST.expected}") from None


def _save(installed: Installation, store: Store, wanted: Profile) -> Profile:
    """Store a profile and return it, or say everything that is wrong with it; both in the caller's transaction."""
    others = [profile for profile in store.profiles.all() if profile.name != wanted.name]
    problems = problems_of(wanted)
    if problem := shares_problem([*others, wanted]):
        problems.append(problem)
    if problems:
        raise UsageError("; ".join(problems), hint="nothing was changed")
    queries_of(filled_in(wanted, installed.settings))  # raises for a keyword that does not fit into a query of X
    saved = replace(wanted, updated_at=to_text(installed.clock()))
    store.profiles.save(saved)
    return saved


def _tell(installed: Installation, profile: Profile, note: str = "") -> None:
    shown = _shown(installed, profile)
    if installed.output.is_json:
        installed.output.data({"profile": shown, **({"note": note} if note else {})})
        return
    rows = [(name.replace("_", " "), _text(name, value)) for name, value in shown.items() if name != "x_queries"]
    rows += [(f"X query {number}", query) for number, query in enumerate(shown["x_queries"], 1)]
    installed.output.table(("what", "value"), rows)
    if note:
        installed.output.line(note)


def _shown(installed: Installation, profile: Profile) -> dict[str, Any]:
    """Return what `--json` shows of a profile: what it uses, and the queries that makes."""
    used = filled_in(profile, installed.settings)
    return {**asdict(used), "x_queries": list(queries_of(used))}


def _text(name: str, value: object) -> str:
    if name.endswith("_at"):
        return short_time(str(value)) if value else ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
