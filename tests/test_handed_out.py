"""What is handed out: packages held to their hashes, their licences told, a folder that installs without a network."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import run
from core.ground import db
from deploy import bundle, papers
from web import processes

MAY_BE = re.compile(r"Apache-2\.0|BSD|0BSD|MIT|ISC|MPL-2\.0|PSF|Python|OFL|LGPL-3\.0|Zlib|CC0|MIT-CMU|Unlicense|AND|OR")
"""Licences under which a package may be part of a system handed out under Apache-2.0."""


def pinned(name: str) -> list[str]:
    text = (db.ROOT / name).read_text(encoding="utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_every_package_is_pinned_with_hashes_and_the_tests_use_what_the_office_uses() -> None:
    served, tested = pinned("requirements.txt"), pinned("requirements-dev.txt")
    for line in (*served, *tested):
        assert re.fullmatch(r"[a-z0-9._-]+==\S+( ; [^-]+)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", line), line[:80]
    assert {line.split("--hash")[0] for line in served} <= {line.split("--hash")[0] for line in tested}


@pytest.mark.skipif(sys.platform == "win32", reason="what is installed differs by a package or two")
def test_the_list_of_licences_is_current_and_holds_none_that_binds_the_office() -> None:
    assert papers.LICENCES.read_text(encoding="utf-8") == papers.licences()
    for each in papers.packages():
        assert all(MAY_BE.match(word) for word in re.findall(r"[\w.-]+", each.licence)), each
        assert each.hashes
    assert (db.ROOT / "LICENSE").read_text("utf-8").strip().startswith("Apache License")


def test_the_bill_of_materials_is_cyclonedx_and_names_every_package(tmp_path: Path) -> None:
    papers.sbom(tmp_path / "bill.json")
    text = (tmp_path / "bill.json").read_text("utf-8")
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"library"', '"thing"')) is not None
    bill = json.loads(text)
    assert len(bill["components"]) == len({line.split("==")[0] for line in pinned("requirements.txt")})


def test_the_folder_to_hand_out_holds_the_program_and_nothing_of_this_office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def pip(command: list[str], **_more: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", pip)
    target = tmp_path / "ce"
    assert bundle.main([str(target)]) == 0
    assert bundle.main([str(target)]) == 2  # never over what is there
    assert all("--require-hashes" in command and "--only-binary=:all:" in command for command in asked)
    assert ["--platform=win_amd64" in command for command in asked] == [True, False]
    there = {str(each.relative_to(target)) for each in target.rglob("*")}
    assert {"run.py", "app.py", "start.bat", "start.sh", "LICENSE", "sbom.cdx.json", "data/policies"} <= there
    assert not [name for name in there if re.search(r"secret|\.db|data/local|__pycache__|^tests|\.venv", name)]
    written = {".py", ".js", ".toml", ".yaml", ".csv", ".txt", ".md"}
    key = re.compile(rb"BEGIN [A-Z ]*PRIVATE KEY|^[0-9a-f]{64}$", re.MULTILINE)
    assert not [each for each in target.rglob("*") if each.suffix in written and key.search(each.read_bytes())]
    monkeypatch.setattr(run, "WHEELS", target / "wheelhouse")
    (target / "wheelhouse").mkdir()
    assert {"--no-index", "--require-hashes"} <= set(run._pip_options())


def test_whoever_ends_the_starter_ends_what_it_started() -> None:
    """Killed, closed or ended in its time: the other end of the pipe closes, and that is all the server waits for."""
    reader, writer = os.pipe()
    ended = threading.Event()
    with os.fdopen(reader, "rb") as starter:
        watching = threading.Thread(target=processes.end_with, args=(starter, ended.set))
        watching.start()
        os.write(writer, b"still here")
        assert not ended.wait(0.05)
        os.close(writer)
        assert ended.wait(5)
        watching.join()


def test_the_server_is_tied_to_its_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    class Program:
        def __init__(self, _command: list[str], **given: Any) -> None:
            seen.append((given["stdin"], given["env"].get("CE_TIED")))

        def __enter__(self) -> "Program":
            return self

        def __exit__(self, *_: object) -> None: ...

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Program)
    assert run.call("x", tied=True)
    assert run.call("x")
    assert seen == [(subprocess.PIPE, "1"), (None, None)]


def test_the_service_files_start_what_there_is() -> None:
    compose = yaml.safe_load((db.ROOT / "deploy/compose.yaml").read_text("utf-8"))
    office = compose["services"]["office"]
    assert (db.ROOT / "deploy" / office["build"]["context"] / office["build"]["dockerfile"]).exists()
    assert all(port.startswith("127.0.0.1:") for port in office["ports"])
    docker = (db.ROOT / "deploy/Dockerfile").read_text("utf-8")
    assert "--require-hashes" in docker
    assert "USER ce" in docker
    client = {"bookworm": 15, "trixie": 17}[docker.split("FROM python:3.11-slim-")[1].split()[0]]
    assert compose["services"]["database"]["image"] == f"postgres:{client}", "pg_dump refuses a newer server"
    kept_out = (db.ROOT / ".dockerignore").read_text("utf-8").split()
    assert {"data/local", ".git", ".venv"} <= set(kept_out), "an image holds no office and no key"
    unit = (db.ROOT / "deploy/continuing-education.service").read_text("utf-8")
    assert "ExecStart=/usr/bin/python3 run.py --no-browser" in unit
    for line in ("KillMode=control-group", "User=ce", "NoNewPrivileges=true", "ProtectSystem=strict"):
        assert f"\n{line}\n" in unit
    assert (office["read_only"], office["cap_drop"], office["init"]) == (True, ["ALL"], True)
    told = dict(re.findall(r"^(StartLimitBurst|StartLimitIntervalSec|RestartSec)=(\d+)$", unit, re.MULTILINE))
    assert int(told["StartLimitBurst"]) * (int(told["RestartSec"]) + 60) < int(told["StartLimitIntervalSec"]), (
        "what never starts is given up, though each try takes a minute"
    )
    assert "# ReadWritePaths=-/mnt/backup\n" in unit, "how backups come to lie on another disk"
    assert "# - /mnt/backup:/backup " in (db.ROOT / "deploy/compose.yaml").read_text("utf-8")
    assert ":?" in compose["services"]["database"]["environment"]["POSTGRES_PASSWORD"], "no password, no start"


@pytest.mark.parametrize("processes", [1, 2])
def test_whoever_connects_from_elsewhere_does_so_encrypted(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(run, "_held", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(run, "_announce", lambda *_: None)
    monkeypatch.setattr(run, "prepare", lambda *_: None)
    monkeypatch.setattr(run, "_certificate", lambda *_: ["office.pem", "office.key"])
    monkeypatch.setattr(run, "call", lambda *command, **_: begun.append([str(part) for part in command]) or True)
    for hosts in ((), ("office.example",)):
        assert run.serve(port=8501, browser=False, demo=False, hosts=hosts, processes=processes) == 0
    (_, here, _, others) = begun  # each after `init`
    assert run.HERE in here
    assert not {"office.pem", "office.key", run.ANYWHERE} & set(here), "plain http is for this machine alone"
    assert {"office.pem", "office.key", run.ANYWHERE} <= set(others)
