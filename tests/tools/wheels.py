"""Pack and install a package of one module, as its pyproject.toml says, without a network."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile


def pack(project: Path, folder: Path) -> Path:
    """Return the wheel of a project."""
    told = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    name, version = told["project"]["name"].replace("-", "_"), told["project"]["version"]
    points = "".join(
        f"[{group}]\n" + "".join(f"{point} = {target}\n" for point, target in found.items())
        for group, found in told["project"]["entry-points"].items()
    )
    names = [f"{module}.py" for module in told["tool"]["setuptools"]["py-modules"]]
    modules = {file: (project / file).read_text(encoding="utf-8") for file in names}
    info = f"{name}-{version}.dist-info"
    files = {
        **modules,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {told['project']['name']}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": points,
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return wheel


def install(wheel: Path, place: Path) -> None:
    """Install a wheel, and nothing that it needs, into a folder."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(place)]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True, capture_output=True, timeout=60)
