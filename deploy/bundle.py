"""One folder that installs on another machine without a network (离线安装包): `python run.py bundle [FOLDER]`.

The program, every package it needs as a wheel for Windows and for Linux (each held to its hash in requirements.txt),
and start scripts. The machine needs the same Python (3.x) as the one that made the folder, and nothing else.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from deploy import papers

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (".streamlit", "core", "data", "deploy", "docs", "migrations", "pages", "routes", "web")
FILES = ("CHANGELOG.md", "LICENSE", "README.md", "alembic.ini", "app.py", "requirements.txt", "run.py")
STARTS = ("start.bat", "start.sh")
PLATFORMS = {
    "windows": ["win_amd64"],
    "linux": [
        "linux_x86_64",
        "manylinux1_x86_64",
        "manylinux2010_x86_64",
        "manylinux2014_x86_64",
        *(f"manylinux_2_{minor}_x86_64" for minor in range(5, 36)),
    ],
}
"""What pip calls them; for Linux every C library up to that of a system of 2022."""


def wheels(target: Path, system: str) -> None:
    """Fetch the wheels for one system into a folder; SystemExit with pip's code where one is not to be had."""
    this = f"{sys.version_info.major}{sys.version_info.minor}"
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--requirement", str(ROOT / "requirements.txt")]
    command += ["--dest", str(target), "--python-version", this, "--implementation", "cp"]
    command += [f"--abi={abi}" for abi in (f"cp{this}", "abi3", "none")]
    command += [f"--platform={platform}" for platform in PLATFORMS[system]]
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def program(target: Path) -> None:
    """Copy what runs, without what tests it and without anything of this office."""
    away = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=away if name != "data" else _program_data)
    for name in FILES:
        shutil.copyfile(ROOT / name, target / name)
    for name in STARTS:
        shutil.copy(ROOT / "deploy" / name, target / name)


def _program_data(folder: str, names: list[str]) -> set[str]:
    here = Path(folder) == ROOT / "data"
    return {name for name in names if name == "__pycache__" or (here and name == "local")}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python run.py bundle", description="制作离线安装包 (for another machine)")
    parser.add_argument("folder", nargs="?", default=str(ROOT / "build" / "continuing-education"))
    parser.add_argument("--system", choices=tuple(PLATFORMS), action="append", help="只要一种，默认两种 (default both)")
    options = parser.parse_args(arguments)
    target = Path(options.folder).resolve()
    if target.exists():
        print(f"{target} 已经存在，请换一个文件夹 (it exists; name another)", file=sys.stderr)
        return 2
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    program(partial)
    for system in options.system or PLATFORMS:
        wheels(partial / "wheelhouse", system)
    papers.sbom(partial / "sbom.cdx.json")
    partial.rename(target)
    size = sum(each.stat().st_size for each in target.rglob("*") if each.is_file())
    print(f"{target}\t{size}\tPython {sys.version_info.major}.{sys.version_info.minor}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
