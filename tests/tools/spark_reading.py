"""Spark reads the folders of tables as they are, and by the statements of `archives ddl`: `prove` starts it, since a
Spark takes half a minute to begin.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.archive.keeping import Keeper, fill
from trendspark_cli.store.rows.archived import TABLES


def spark_missing() -> str | None:
    """Return what of Spark this machine lacks, None when nothing."""
    lacking = [] if importlib.util.find_spec("pyspark") else ["the package pyspark"]
    lacking += [] if shutil.which("java") else ["java"]
    return f"Spark needs {' and '.join(lacking)}" if lacking else None


def differences(folder: Path, *, old: int) -> list[str]:
    """Archive by the real command, read each table by Spark, and return what Spark does not see as the archive does.

    First the folders as they are, then an archive with forgotten posts by what `archives ddl` prints.
    """
    from pyspark.sql import SparkSession  # type: ignore[import-not-found,unused-ignore]

    keeper = Keeper(folder / "home")
    fill(keeper, old=old, new=2 * old)
    done = keeper.command_now("archive")
    if done.exit_code != 0:
        return [f"archive ended with {done.exit_code}: {done.stderr}"]
    building = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    building = building.config("spark.sql.session.timeZone", "UTC").config("spark.driver.host", "127.0.0.1")
    building = building.config("spark.pyspark.python", sys.executable)
    building = building.config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    spark = building.getOrCreate()
    found = []
    try:
        for name, table in TABLES.items():
            frame = spark.read.parquet(str(keeper.folder / name / "v2"))
            wanted = {*table.names, "dt"}
            if set(frame.columns) != wanted:
                found.append(f"{name}: Spark sees the columns {sorted(frame.columns)}; expected {sorted(wanted)}")
                continue
            time = table.time_column
            read = {(row["id"], str(row["dt"]), f"{row[time]:%Y-%m-%dT%H:%M:%S}") for row in frame.collect()}
            sql = f"SELECT id, strftime({time}, '%Y-%m-%d'), strftime({time}, '%Y-%m-%dT%H:%M:%S') FROM {name}"
            rows = keeper.command_now("archives", "query", sql, "--json", "--limit", "100000").json["rows"]
            if read != {tuple(row) for row in rows}:
                found.append(f"{name}: Spark reads {len(read)} rows, and the archive has {len(rows)}, or others")
            print(f"{name}: {len(read)} rows of {frame.select('dt').distinct().count()} days")
        found += _differences_by_statements(keeper, spark)
    finally:
        spark.stop()
    return found


def _differences_by_statements(keeper: Keeper, spark: Any) -> list[str]:
    """Run what `archives ddl` prints, and return where its tables differ from `archives query`."""
    forgotten = keeper.command_now("posts", "forget", "--source", "x", "--author", "author4", "--json")
    if forgotten.exit_code != 0:
        return [f"posts forget ended with {forgotten.exit_code}: {forgotten.stderr}"]
    for _ in range(2):  # run again, they make all anew
        for statement in keeper.command_now("archives", "ddl", "--dialect", "spark").stdout.split(";\n"):
            if statement.strip():
                spark.sql(statement)
    found = []
    for name in TABLES:
        rows = keeper.command_now(
            "archives", "query", f"SELECT count(*), min(id), max(id), sum(id) FROM {name}", "--json"
        )
        [row] = spark.sql(f"SELECT count(*), min(id), max(id), sum(id) FROM {name}").collect()
        print(f"{name}, by the statements: {row[0]} rows")
        if [list(row)] != rows.json["rows"]:
            found.append(f"{name}: Spark SQL sees {list(row)}, and `archives query` {rows.json['rows']}")
    return found + _other_days_opened(keeper, spark)


def _other_days_opened(keeper: Keeper, spark: Any) -> list[str]:
    """Return what is wrong when a question for one day opens the file of another, which is damaged for it."""
    from py4j.protocol import Py4JJavaError  # type: ignore[import-not-found,unused-ignore]

    days = sorted((keeper.folder / "posts/v2/source=x").iterdir())
    damaged = next(days[1].glob("part-*"))
    damaged.write_bytes(b"no Parquet at all")
    spark.sql("REFRESH TABLE posts_files")
    asked = f"SELECT count(*) FROM posts WHERE dt = DATE '{days[0].name[3:]}'"
    try:
        [row] = spark.sql(asked).collect()
    except Py4JJavaError as error:
        return [f"a question for one day opened another: {str(error)[:200]}"]
    print(f"posts of {days[0].name}: {row[0]}, and no other day was opened")
    return [] if row[0] else ["Spark SQL sees no post of the first day"]
