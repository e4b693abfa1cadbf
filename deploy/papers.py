"""What the system is made of: the licences of its packages (许可证) and its bill of materials (SBOM, CycloneDX 1.6).

`python -m deploy.papers` writes docs/licences.md; `python -m deploy.papers FILE.json` the bill of materials. Both out
of requirements.txt and what the installed packages say of themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LICENCES = ROOT / "docs" / "licences.md"
SAID_ELSEWHERE = {
    "pyrage": "MIT",
    "defusedxml": "PSF-2.0",
    "altair": "BSD-3-Clause",
    "protobuf": "BSD-3-Clause",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
}
"""Where a package's own words are none, or are no name of a licence."""
SPELLED = {
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
}
BESIDE = (
    ("Noto Sans Mongolian", "data/fonts", "OFL-1.1"),
    ("RareHan", "data/fonts", "OFL-1.1"),
    ("jsQR 1.4.0", "data/offline", "Apache-2.0"),
    ("TweetNaCl.js 1.0.3", "data/offline", "Unlicense"),
)
"""Fonts and scripts that come with the program itself, unaltered."""


@dataclass(frozen=True)
class Package:
    """A package as it is pinned."""

    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]


def packages() -> Iterator[Package]:
    """What requirements.txt pins, by name; of several versions for several Pythons the one that is installed."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found: dict[str, Package] = {}
    for name, version, rest in re.findall(r"^([a-z0-9._-]+)==([^ \n\\]+)((?:.*\\\n)*.*)", text, re.MULTILINE):
        here = importlib.metadata.metadata(name)
        if here["Version"] == version or name not in found:
            hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", rest))
            found[name] = Package(name, version, _licence(name, here), hashes)
    return iter(found.values())


def _licence(name: str, said: Any) -> str:
    named: str
    if name in SAID_ELSEWHERE:
        return SAID_ELSEWHERE[name]
    named = said["License-Expression"] or said["License"]
    if not named:
        named = next(each.split(" :: ")[-1] for each in said.get_all("Classifier", []) if each.startswith("License"))
    return SPELLED.get(named, named)


def licences() -> str:
    """docs/licences.md as it must read."""
    rows = [f"| {each.name} | {each.version} | {each.licence} |" for each in packages()]
    fonts = [f"| {name} | `{place}` | {licence} |" for name, place, licence in BESIDE]
    return "\n".join(
        [
            "# Licences (许可证)",
            "",
            "The system itself: Apache-2.0 (`LICENSE`). What it installs, each package apart and unaltered; made by",
            "`python -m deploy.papers`. LGPL packages (fpdf2, psycopg) are used as libraries and can be replaced.",
            "",
            "| package | version | licence |",
            "|---|---|---|",
            *rows,
            "",
            "| font or script in the program | where | licence |",
            "|---|---|---|",
            *fonts,
            "",
        ]
    )


def sbom(target: Path) -> None:
    """Write the bill of materials as CycloneDX JSON, in the shape that scanners read; the same for the same pins."""
    parts = [
        {
            "type": "library",
            "bom-ref": f"{each.name}@{each.version}",
            "name": each.name,
            "version": each.version,
            "purl": f"pkg:pypi/{each.name}@{each.version}",
            "licenses": [{"expression": each.licence}]
            if re.search(" (AND|OR) ", each.licence)
            else [{"license": {"name": each.licence}}],
            "externalReferences": [
                {
                    "type": "distribution",
                    "url": f"https://pypi.org/project/{each.name}/{each.version}/",
                    "hashes": [{"alg": "SHA-256", "content": content} for content in each.hashes],
                }
            ],
        }
        for each in packages()
    ]
    whole = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(whole[:32], version=4)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "system", "name": "continuing-education"}},
        "components": parts,
        "dependencies": [{"ref": "system", "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    target.write_text(json.dumps(bill, ensure_ascii=False, indent=1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.papers", description=__doc__)
    parser.add_argument(
        "sbom", nargs="?", type=Path, help="the bill of materials; without it docs/licences.md is written"
    )
    target: Path | None = parser.parse_args().sbom
    if target:
        sbom(target)
    else:
        LICENCES.write_text(licences(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
