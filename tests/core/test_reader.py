"""Workbooks are parsed by a process of its own: what breaks it is refused, and nobody else notices."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import xlsxwriter

from core.ground import db
from core.ground.access import Refused
from core.submissions import roster
from core.tables import headings, reader, reading
from core.tables.reading import Listing
from tests import cast as c
from tests.core.test_roster import damaged_old_workbook, far_cell


def listing(**columns: str) -> Listing:
    return Listing("名单", {"name": ("姓名",), **{name: (word,) for name, word in columns.items()}}, ["name"])


def names(content: bytes) -> list[object]:
    (sheet,) = reader.read(content)
    return sheet.columns[1][2:]


def refused(content: bytes) -> str:
    with pytest.raises(reader.Unreadable) as caught:
        reader.read(content)
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
    (sheet,) = reader.read(buffer.getvalue())
    assert (sheet.name, sheet.rows(0, 9)) == ("学时", [[""] * 10, row])


def book(*sheets: list[list[object]], merges: tuple[str, ...] = ()) -> bytes:
    """A workbook of these sheets; the merges, each "where=value", are in the first."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        for at, rows in enumerate(sheets, start=1):
            page = made.add_worksheet(f"名单{at}")
            for row, cells in enumerate(rows):
                page.write_row(row, 0, cells)
            for merge in merges if at == 1 else ():
                where, value = merge.split("=")
                page.merge_range(where, value)
    return buffer.getvalue()


def rows_of(content: bytes, **columns: str) -> list[list[object]]:
    return [list(cells.values()) for _, cells in reading.read(content, "名单.xlsx", listing(**columns)).rows]


def test_two_sheets_of_people_are_refused_by_name_and_an_empty_form_beside_one_is_not() -> None:
    people: list[list[object]] = [["姓名"], ["赵示一"]]
    with pytest.raises(Refused, match="“名单1”和“名单3”"):
        rows_of(book(people, [["说明"]], [["名单"], ["姓名"], ["钱示二"]]))
    for sheets in ([people, [["姓名"], [" "]]], [[["姓名"]], people]):
        assert rows_of(book(*sheets)) == people[1:]


def test_every_row_that_names_somebody_gets_what_is_merged_down_to_it() -> None:
    rows: list[list[object]] = [["姓名", "单位", "考核"], ["赵示一"], ["钱示二"], [], ["李示四", "", "合格"]]
    merges = ("B2:B900=示例医院", "A5:A6=李示四", "C2:D3=合格", "F2:F9=外")
    assert rows_of(book(rows, merges=merges), employer="单位", assessment="考核") == [
        ["赵示一", "示例医院", "合格"],
        ["钱示二", "示例医院", "合格"],
        ["李示四", "示例医院", "合格"],
    ]


def test_a_row_of_cells_merged_across_says_it_once() -> None:
    content = book([["姓名", "单位", "考核"], ["赵示一"]], merges=("B2:C2=免",))
    assert rows_of(content, employer="单位", assessment="考核") == [["赵示一", "免", ""]]


def test_cells_merged_over_one_another_are_a_damaged_file() -> None:
    rows: list[list[object]] = [["姓名", "单位"], *[[f"赵示{chr(0x4E00 + at)}", "示例医院"] for at in range(300)]]
    content = book(rows, merges=("B2:B900=示例医院",))
    one, damaged = b'<mergeCell ref="B2:B900"/>', io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(damaged, "w") as copy:
        for part in parts.namelist():
            copy.writestr(part, parts.read(part).replace(one, one * 50_000))
    assert len(rows_of(content, employer="单位")) == 300
    with pytest.raises(Refused, match="文件损坏"):
        rows_of(damaged.getvalue(), employer="单位")


def headings_of(rows: list[list[str]], columns: dict[str, str]) -> tuple[int, dict[str, int]]:
    """The last row of the headings and the places of columns."""
    vocabulary = headings.Vocabulary({name: (word,) for word, name in columns.items()}, ["name"])
    width = max(map(len, rows))
    found = headings.find([cells + [""] * (width - len(cells)) for cells in rows], (), vocabulary)
    assert found
    assert not found.questions
    return found.first - 1, found.places


def test_headings_parted_in_the_row_below_are_read_from_both_rows() -> None:
    words = {"姓名": "name", "公需学时": "public", "专业学时": "professional", "专业": "specialty", "备注": "note"}
    upper, below = ["姓名", "专业", "培训学时（小时）", "", "备注"], ["", "", "公需", "专业", ""]
    places = {"name": 0, "specialty": 1, "public": 2, "professional": 3, "note": 4}
    assert headings_of([["题"], [*upper], [*below], ["赵示一"]], words) == (2, places)
    hours = words | {"培训学时": "hours"}
    named, all_of_it = ["", "", "公需学时", "专业学时", ""], {"name": 0, "specialty": 1, "hours": 2, "note": 4}
    for known in (words, hours):
        assert headings_of([[*upper], named, ["赵示一"]], known) == (1, places)
    assert headings_of([[*upper], ["赵示一"]], hours) == (0, all_of_it)
    alone = {"name": 0, "specialty": 1, "note": 4}
    for other in (["赵示一", "", "公需", "专业", ""], ["", "", "24", "0", ""], ["", "公需学时", "", "", ""], [""]):
        assert headings_of([[*upper], [*other]], words) == (0, alone)


def test_what_breaks_the_parser_is_refused_and_the_next_file_is_read() -> None:
    good = c.sheet([c.row(1, "赵示一")])
    for content in (far_cell("XFD1048576"), damaged_old_workbook(), b"PK\x03\x04", good[:900]):
        assert refused(content) == reader.UNREADABLE
        assert names(good) == ["赵示一"]


def test_a_sheet_of_too_many_cells_is_refused_and_a_merely_wide_one_is_read() -> None:
    assert "单元格过多" in refused(far_cell("XFD1300"))
    (sheet,) = reader.read(far_cell("XFD100"))
    assert (sheet.height, len(sheet.columns)) == (100, reader.MOST_COLUMNS)


@pytest.mark.skipif(sys.platform == "win32", reason="the memory of a process is not limited this way on Windows")
def test_the_parser_never_takes_more_memory_than_it_is_given() -> None:
    import resource

    assert refused(far_cell("XFD16000")) == reader.UNREADABLE  # 262 million cells, 6 GB
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 <= reader.MEMORY


def test_a_file_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good, told, run = c.sheet([c.row(1)]), [], subprocess.run
    monkeypatch.setattr(reader, "SECONDS", 0.001)
    monkeypatch.setenv("DATABASE_URL", "postgresql://ce:secret@localhost/ce")
    monkeypatch.setattr(subprocess, "run", lambda *what, **how: told.append(how["env"]) or run(*what, **how))
    assert refused(good) == reader.UNREADABLE
    assert [{name for name in each if name.startswith(("CE_", "DATABASE"))} for each in told] == [set()]
    assert told[0]["PATH"] == os.environ["PATH"]


def test_a_parser_that_is_missing_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "__file__", "nothing-here.py")
    with pytest.raises(RuntimeError, match="nothing-here"):
        names(c.sheet([c.row(1)]))


def test_people_who_upload_at_once_get_each_their_own_file() -> None:
    files = {f"赵示{chr(0x4E00 + serial)}": c.sheet([c.row(1, f"赵示{chr(0x4E00 + serial)}")]) for serial in range(8)}
    bad = far_cell("XFD1048576")
    with ThreadPoolExecutor(6) as pool:
        failing = [pool.submit(refused, bad) for _ in range(3)]
        found = dict(zip(files, pool.map(names, files.values()), strict=True))
        assert {future.result() for future in failing} == {reader.UNREADABLE}
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
    deed = "reader.read(content); print(flush=True)"
    program = (
        f"import sys, pathlib; from core.tables import reader; content = pathlib.Path(sys.argv[1]).read_bytes(); {deed}"
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


@pytest.mark.parametrize("saved", ["saved.xlsx", "saved.xls", "saved.ods"])
@pytest.mark.parametrize("called", ["花名册.xlsx", "花名册.et", "花名册.csv"])
def test_one_roster_saved_by_libreoffice_in_each_form_is_read_alike_by_its_content(saved: str, called: str) -> None:
    preview = roster.read((db.ROOT / "tests" / "data" / saved).read_bytes(), called)
    assert [(row.row, row.name, row.id_number, row.employer) for row in preview.rows] == [
        (at + 5, f"赵示{'一二三四五六'[at - 1]}", c.id_number(at), "甲医院" if at < 5 else "乙中学")
        for at in range(1, 7)
    ]
    assert {(*map(float, row.hours.values()), row.assessment) for row in preview.rows} == {(6, 24.5, "合格")}
    hidden = [] if saved.endswith(".xls") else [(8, "row-hidden")]  # no parser of .xls tells which rows are hidden
    assert [(each.row, each.code) for each in preview.problems] == [(5, "row-left"), *hidden]
    assert preview.account == [
        "读入6行，未读入3行",
        "第5行：示例行（示例）",
        "第12至13行：表尾（合计；制表人：王某）",
        "没有读入的工作表：“填表说明”（1行），没有花名册的表头；其中有要报送的，请并入“花名册”后再上传",
    ]
