"""Workbooks are parsed by a process of its own: what breaks it is refused, and nobody else notices."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import xlsxwriter

from core import db, workbooks
from tests import cast as c
from tests.core.test_roster import damaged_old_workbook, far_cell

WORDS = {"姓名": "name"}


def names(content: bytes) -> list[object]:
    _, grid = workbooks.read(content, WORDS, ["name"])
    return [cells[1] for cells in grid[2:]]


def refused(content: bytes) -> str:
    with pytest.raises(workbooks.Unreadable) as caught:
        workbooks.read(content, WORDS, ["name"])
    return str(caught.value)


def test_cells_come_over_as_what_they_are() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet("学时")
        day, moment, long = (
            book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "[h]:mm")
        )
        page.write_row(1, 1, ["姓名", 7.5, True, "𠮷·\n\"'"])
        page.write_datetime(1, 5, datetime(2024, 6, 28), day)  # noqa: DTZ001 - a spreadsheet knows no zone
        page.write_datetime(1, 6, datetime(2024, 6, 28, 9, 30), moment)  # noqa: DTZ001
        page.write_datetime(1, 7, timedelta(hours=30), long)
        page.write_string(1, 9, '{"date": "2024-06-28"}')
    row = ["", "姓名", 7.5, True, "𠮷·\n\"'", date(2024, 6, 28), datetime(2024, 6, 28, 9, 30)]  # noqa: DTZ001
    row += [timedelta(hours=30), "", '{"date": "2024-06-28"}']
    assert workbooks.read(buffer.getvalue(), WORDS, ["name"]) == ("学时", [[""] * 10, row])


def test_what_breaks_the_parser_is_refused_and_the_next_file_is_read() -> None:
    good = c.sheet([c.row(1, "赵示一")])
    for content in (far_cell("XFD1048576"), damaged_old_workbook(), b"PK\x03\x04", good[:900]):
        assert refused(content) == workbooks.UNREADABLE
        assert names(good) == ["赵示一"]


def test_a_sheet_of_too_many_cells_is_refused_and_a_merely_wide_one_is_read() -> None:
    assert "单元格过多" in refused(far_cell("XFD1300"))
    _, grid = workbooks.read(far_cell("XFD100"), WORDS, ["name"])
    assert (len(grid), {len(cells) for cells in grid}) == (100, {workbooks.MOST_COLUMNS})


@pytest.mark.skipif(sys.platform == "win32", reason="the memory of a process is not limited this way on Windows")
def test_the_parser_never_takes_more_memory_than_it_is_given() -> None:
    import resource

    assert refused(far_cell("XFD16000")) == workbooks.UNREADABLE  # 262 million cells, 6 GB
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 <= workbooks.MEMORY


def test_a_file_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good = c.sheet([c.row(1)])
    monkeypatch.setattr(workbooks, "SECONDS", 0.001)
    assert refused(good) == workbooks.UNREADABLE


def test_a_parser_that_is_missing_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "__file__", "nothing-here.py")
    with pytest.raises(RuntimeError, match="nothing-here"):
        names(c.sheet([c.row(1)]))


def test_people_who_upload_at_once_get_each_their_own_file() -> None:
    files = {f"赵示{chr(0x4E00 + serial)}": c.sheet([c.row(1, f"赵示{chr(0x4E00 + serial)}")]) for serial in range(8)}
    bad = far_cell("XFD1048576")
    with ThreadPoolExecutor(6) as pool:
        failing = [pool.submit(refused, bad) for _ in range(3)]
        found = dict(zip(files, pool.map(names, files.values()), strict=True))
        assert {future.result() for future in failing} == {workbooks.UNREADABLE}
    assert found == {name: [name] for name in files}


def left_over(group: int) -> list[str]:
    """Living processes of a process group; one that has ended but that nobody asked after is not alive."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups to ask after")
@pytest.mark.parametrize("end", [None, signal.SIGTERM, signal.SIGKILL], ids=["ends", "stopped", "killed"])
def test_no_parser_outlives_the_office(end: signal.Signals | None, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(c.sheet([c.row(1 + serial % 900) for serial in range(5000)]))
    deed = "workbooks.read(content, {'姓名': 'name'}, ['name']); print(flush=True)"
    program = (
        f"import sys, pathlib; from core import workbooks; content = pathlib.Path(sys.argv[1]).read_bytes(); {deed}"
    )
    program += f"\nwhile {end is not None}: {deed}"
    office = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], cwd=db.ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    with office:
        assert office.stdout
        assert office.stdout.readline() == b"\n"
        if end:
            time.sleep(0.1)
            office.send_signal(end)
        assert office.wait(30) == (-end if end else 0)
    for _ in range(100):
        if not left_over(office.pid):
            break
        time.sleep(0.1)
    assert left_over(office.pid) == []
