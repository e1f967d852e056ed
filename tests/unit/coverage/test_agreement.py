"""Coverage beside the truth, with numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from objmask.cli import main
from objmask.coverage.agreement import agreement, as_text
from objmask.errors import DataError


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    measured, truth = tmp_path / "coverage", tmp_path / "truth"
    for folder in (measured, truth):
        (folder / "typing").mkdir(parents=True)
    (truth / "typing/a.coverage.csv").write_text(
        "frame,group,pixels,fraction\n0,person,10,0.1\n0,book,0,0\n1,person,20,0.2\n1,book,0,0\n"
    )
    (measured / "typing/a.csv").write_text(
        "frame,time_s,group,pixels,fraction,pixels_union,instances\n"
        "0,0,person,12,0.12,12,1\n0,0,book,1,0.01,1,1\n1,0.04,person,18,0.18,18,1\n1,0.04,book,0,0,0,0\n"
    )
    return measured, truth


def test_errors_of_frames_do_not_cancel(folders: tuple[Path, Path]) -> None:
    table = agreement(*folders)
    assert list(table.index) == ["person", "book", "all"]
    assert table.loc["person"].tolist() == pytest.approx([15, 15, 2])
    assert table.loc["book"].tolist() == pytest.approx([0.5, 0, 0.5])
    assert table.loc["all"].tolist() == pytest.approx([7.75, 7.5, 1.25])
    assert "mean error, points" in as_text(table)


def test_what_was_not_measured_is_named(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    measured, truth = folders
    file = measured / "typing/a.csv"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(DataError, match="lacks frame 1 of group book"):
        agreement(measured, truth)
    file.unlink()
    assert main(["agreement", f"--coverage={measured}", f"--truth={truth}"]) == 1
    assert "run the workflow on the rendered clips first" in capsys.readouterr().err
    with pytest.raises(DataError, match="holds no"):
        agreement(measured, measured)
