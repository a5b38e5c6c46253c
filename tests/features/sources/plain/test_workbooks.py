"""A sheet is read as far as its cells go: what it says of its own size may be old or missing, and rows may end early."""

import re
import zipfile

import openpyxl
import pytest

from features.sources.plain.files import read_file

ROWS = [["patient_id", "occurred_at", "kind"], ["P1", "2018-01-01", "last_contact"], ["P2", "2018-01-01", "death"], ["P3", "2017-01-01"]]


def sheet_of_size(path, size):
    """Write the rows as a workbook whose sheet says that it is of this size; without one, where it is None."""
    book = openpyxl.Workbook(write_only=True)  # which writes no size, and rows as long as they are
    sheet = book.create_sheet("events")
    for row in ROWS:
        sheet.append(row)
    book.save(path)
    if size is None:
        return
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            said = re.sub(rb"(?=<sheetViews)", f'<dimension ref="{size}"/>'.encode(), part) if name.endswith("sheet1.xml") else part
            file.writestr(name, said)


@pytest.mark.parametrize("size", ["A1:C4", "A1:C2", "A1", "A1:Z99", None])
def test_no_row_and_no_column_is_lost_by_the_size_that_a_sheet_declares(tmp_path, size):
    sheet_of_size(tmp_path / "events.xlsx", size)
    frame = read_file(tmp_path / "events.xlsx")
    assert frame.columns.tolist() == ["patient_id", "occurred_at", "kind", "source_row"]
    assert frame["source_row"].tolist() == [2, 3, 4]
    assert frame["kind"].fillna("").tolist() == ["last_contact", "death", ""], "what a short row does not say is empty"
