"""Spark reads the folder of one table as it is: `prove` starts it, since a Spark takes half a minute to begin."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from tests.archive.keeping import Keeper, fill
from trendspark_cli.store.rows.archived import TABLES


def spark_missing() -> str | None:
    """Return what of Spark this machine lacks, None when nothing."""
    lacking = [] if importlib.util.find_spec("pyspark") else ["the package pyspark"]
    lacking += [] if shutil.which("java") else ["java"]
    return f"Spark needs {' and '.join(lacking)}" if lacking else None


def differences(folder: Path, *, old: int) -> list[str]:
    """Archive by the real command, read each table by Spark, and return what Spark does not see as the archive does."""
    from pyspark.sql import SparkSession  # type: ignore[import-not-found,unused-ignore]

    keeper = Keeper(folder / "home")
    fill(keeper, old=old, new=2 * old)
    done = keeper.command_now("archive")
    if done.exit_code != 0:
        return [f"archive ended with {done.exit_code}: {done.stderr}"]
    building = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    building = building.config("spark.sql.session.timeZone", "UTC").config("spark.driver.host", "127.0.0.1")
    building = building.config("spark.pyspark.python", sys.executable)
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
    finally:
        spark.stop()
    return found
