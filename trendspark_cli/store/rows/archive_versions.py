"""Every form that files of the archive were ever written in: all are read for ever, the last one of a table is written.

A column that is new in an archived table is a new entry at the end of its line, such as `Version("v3", ("mood",))`:
files of earlier versions are read as if they held the default of that field of the row class, or NULL.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """Where files lie. `root` is the folder of a table's version, `listed` begins the keys of all versions of it.

    `csv_root` is that of files in CSV: who reads a folder of Parquet takes every file in it for Parquet. The column
    `source` is in the file as well where it `repeats_source`; else the folder alone says it.
    """

    root: str
    csv_root: str
    listed: str
    repeats_source: bool = False


# Readers take `source=` and `dt=` for columns, so no file has them.
PLAIN = Layout("{table}/{version}/", "{table}/{version}-csv/", "{table}/v")
_NAMED_ROOT = "table={table}/schema={version}/"
NAMED = Layout(_NAMED_ROOT, _NAMED_ROOT, "table=", repeats_source=True)  # of release 0.1


@dataclass(frozen=True)
class Version:
    """One form of files. `adds` are columns of the row class that files have from this version on."""

    name: str
    adds: tuple[str, ...] = ()
    layout: Layout = PLAIN


V1, V2 = Version("v1", layout=NAMED), Version("v2")
VERSIONS: Mapping[str, tuple[Version, ...]] = {
    "posts": (V1, Version("v2", ("links",))),
    "ingest_audit": (V1, V2),
    "notifications": (V1, V2),
    "job_runs": (V1, V2),
}
