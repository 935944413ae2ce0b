"""How a part that was left out of an installation gets into it: into the environment this process runs from."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from trendspark_cli.base.errors import ConfigError


def how_to_install(extra: str, prefix: Path | None = None) -> str:
    """Return the command that adds an extra to this installation, whoever made it: pipx, uv or a person.

    *prefix* is its environment, that of this process when it is left out.
    """
    prefix = prefix or Path(sys.prefix)
    if (prefix / "pipx_metadata.json").is_file():
        packages = " ".join(shlex.quote(package) for package in PACKAGES[extra])
        return f"run `pipx inject trendspark {packages}`"
    if (prefix / "uv-receipt.toml").is_file():
        return f"run `uv tool install --force 'trendspark[{extra}]'`, or with the place it came from before the bracket"
    python = shlex.quote(str(prefix / "bin/python" if (prefix / "pyvenv.cfg").is_file() else sys.executable))
    packages = " ".join(shlex.quote(package) for package in PACKAGES[extra])
    has_pip = any(prefix.glob("lib/python*/site-packages/pip"))
    if (prefix / "pyvenv.cfg").is_file() and not has_pip:  # uv makes such environments
        return f"run `uv pip install --python {python} {packages}`"
    return f"run `{python} -m pip install {packages}`"


def missing_extra(what: str, extra: str) -> ConfigError:
    """Return the error of something that needs an extra which is not installed."""
    return ConfigError(f"{what} needs the extra `{extra}`, which is not installed", hint=how_to_install(extra))


# What each extra of pyproject.toml brings; a test holds the two against each other.
PACKAGES = {
    "query": ("duckdb>=1.2,<3",),
    "mcp": ("mcp>=2.3,<3",),
    "postgres": ("psycopg[binary]>=3.3,<4",),
    "notify": ("apprise>=2.2,<3",),
    "pictures": ("pillow>=11,<14",),
    "dask": ("distributed>=2024.8",),
    "spark": ("pyspark>=3.5",),
    "socks": ("pysocks>=1.7,<2", "socksio>=1,<2"),
}
