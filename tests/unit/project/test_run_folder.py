"""Run folders: what `objmask init` writes, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import yaml

from objmask.cli import main
from objmask.project import place


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_folder_has_settings_profiles_and_a_snakefile_of_two_lines(tmp_path):
    assert main(["init", str(tmp_path / "a/run")]) == 0
    made = files(tmp_path / "a/run")
    assert made["config.yaml"] == place.CONFIG.read_bytes()
    assert {name for name in made if name.startswith("profiles/")} == {f"profiles/{n}" for n in files(place.PROFILES)}
    assert made["Snakefile"].count(b"\n") == 2
    assert len(made) == 2 + len(files(place.PROFILES))


def test_what_was_edited_is_kept_and_named(tmp_path, capsys):
    main(["init", str(tmp_path)])
    (tmp_path / "config.yaml").write_text("videos: mine\n")
    (tmp_path / "profiles/slurm/config.yaml").unlink()
    capsys.readouterr()
    assert main(["init", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert yaml.safe_load((tmp_path / "config.yaml").read_text()) == {"videos": "mine"}
    assert f"{tmp_path}/config.yaml: kept as it is" in said
    assert f"{tmp_path}/profiles/slurm/config.yaml: written" in said
    assert "Snakefile" not in said
    assert (tmp_path / "profiles/slurm/config.yaml").is_file()


def test_a_file_in_the_place_of_the_folder_is_one_line(tmp_path, capsys):
    (tmp_path / "run").write_text("mine")
    assert main(["init", str(tmp_path / "run")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert (tmp_path / "run").read_text() == "mine"


def test_every_place_is_there():
    for path in (place.SNAKEFILE, place.CONFIG, place.CORRECTIONS_SCHEMA):
        assert path.is_file()
    assert list(place.EXAMPLES.glob("*.yaml"))
