"""Reading files of corrections: strict, so that a slip of the pen cannot undo what somebody has looked at."""

from __future__ import annotations

import difflib
import json
import stat
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from objmask.corrections.corrections import Corrections
from objmask.errors import ConfigError

SUFFIXES = (".yaml", ".yml")
MAX_FILE_BYTES = 10_000_000
MAX_VIDEO_BYTES = 100_000
"""Of a video's entries as JSON: a command line takes 128 KiB."""
Entries = list[dict[str, Any]]


class _Loader(yaml.SafeLoader):
    """YAML without aliases, which can grow without end, and without two values of one key, of which one would be lost
    in silence."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As in the base class."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not taken; write what they stand for")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As in the base class."""
        names = [key.value for key, _ in node.value]
        twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if twice is not None:
            raise yaml.YAMLError(f"{node.start_mark}: '{twice}' is there twice; put both together")
        return super().construct_mapping(node, deep)


def read_corrections(path: Path, schema_path: Path, videos: Collection[str]) -> dict[str, Entries]:
    """The entries of each video, by its name.

    Args:
        path: a YAML file, video name -> list of entries; or a folder of such files, and of files that are named like a
            video and hold its list.
        schema_path: of the entries.
        videos: names of the videos that there are; theirs are taken however Unicode composes them.

    Raises:
        ConfigError: a file is missing or no such file; the message says which, which video and which entry.
    """
    schema = yaml.safe_load(schema_path.read_text(encoding="utf-8"))
    own = {unicodedata.normalize("NFC", video): video for video in videos}
    entries: dict[str, Entries] = {}
    for file, below in _files(path):
        for name, of_video in _load(file, below):
            if not isinstance(name, str):
                raise ConfigError(f'{file}: {name!r} is no name of a video; put it in quotes: "{name}"')
            _check(file, name, of_video, schema)
            # JSON is YAML too, but for the two halves in which it may write a character.
            whole = name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            composed = unicodedata.normalize("NFC", whole)
            entries.setdefault(own.get(composed, composed), []).extend(of_video)
    for name, of_video in entries.items():
        _check_values(path, name, of_video)
    return {name: of_video for name, of_video in entries.items() if of_video}


def unknown_videos(entries: Collection[str], videos: Collection[str]) -> Iterator[str]:
    """Says, a line each, which names are no video's."""
    for name in sorted(set(entries) - set(videos)):
        near = difflib.get_close_matches(name, videos, 1, cutoff=0.4)
        hint = f"did you mean '{near[0]}'?" if near else "names are paths below the input folder, without suffix"
        yield f"corrections: there is no video '{name}'; {hint}"


def classes_of(entries: Mapping[str, Entries]) -> dict[str, str]:
    """Where each object class is named first, `video, entry n`, by its name."""
    found: dict[str, str] = {}
    for video, of_video in entries.items():
        for number, entry in enumerate(of_video, 1):
            ((_, given),) = entry.items()
            for key in ("class", "was"):
                if key in given:
                    found.setdefault(given[key], f"{video}, entry {number}")
    return found


def check_tracks(entries: Mapping[str, Entries], models: Collection[str], *, tracks: bool) -> None:
    """Checks that tracks which entries name can be told apart.

    Args:
        entries: of each video.
        models: names of the models that there are.
        tracks: whether objects are followed.

    Raises:
        ConfigError: an entry names a track and there are none, or leaves open whose it is, or an unknown model.
    """
    for video, of_video in entries.items():
        for number, entry in enumerate(of_video, 1):
            ((_, given),) = entry.items()
            where = f"corrections: {video}, entry {number}"
            if "track" in given and not tracks:
                raise ConfigError(f"{where}: names a track, and tracks.enabled is false; name class, times and box")
            if "track" in given and "model" not in given and len(models) > 1:
                raise ConfigError(f"{where}: each model counts its tracks for itself; say model: {' or '.join(models)}")
            if given.get("model", next(iter(models))) not in models:
                raise ConfigError(f"{where}: no model '{given['model']}'; there are {', '.join(models)}")


def without_allowed(of_video: Entries) -> Entries:
    """The entries that say what is there, and not what an audit may see."""
    return [entry for entry in of_video if "allow" not in entry]


def as_json(of_video: Entries) -> str:
    """The entries of a video for the command line."""
    return json.dumps(of_video, separators=(",", ":"), sort_keys=True)


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Files, and the names of the videos that they may be of."""
    if not path.is_dir():
        yield path, path.stem
        return
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and not file.is_dir())
    if not files:
        raise ConfigError(f"{path}: holds no corrections; put .yaml files there, or set corrections to null")
    for file in files:
        yield file, file.relative_to(path).with_suffix("").as_posix()


def _load(file: Path, below: str) -> list[tuple[Any, Any]]:
    """Names and lists of entries; a video that is there twice is there twice."""
    try:
        # A link to nothing is not passed over: what is to be hidden may stand there. Reading a pipe need not end.
        if not stat.S_ISREG(file.stat().st_mode):
            raise ConfigError(f"{file}: is no file; mend or remove it")
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{file}: is larger than {MAX_FILE_BYTES // 10**6} MB; is it a file of corrections?")
        loader = _Loader(file.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if root is None:
            return []
        if isinstance(root, yaml.MappingNode):
            return [tuple(loader.construct_document(node) for node in pair) for pair in root.value]
        given = loader.construct_document(root)
    except OSError as error:
        raise ConfigError(f"corrections: {file}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: not YAML ({' '.join(str(error).split())[:200]})") from error
    if not isinstance(given, list):
        raise ConfigError(f"{file}: no corrections; expected a list of entries for each name of a video")
    return [(below, given)]


def _check(file: Path, name: str, of_video: Any, schema: Mapping[str, Any]) -> None:
    error = best_match(Draft202012Validator(schema).iter_errors({name: of_video}))
    if error is not None:
        raise ConfigError(f"{file}: {name}{_one_line(error)}")


def _one_line(error: ValidationError) -> str:
    path = [str(part) if isinstance(part, str) else part for part in error.absolute_path][1:]
    entry = f", entry {path[0] + 1}" if path and isinstance(path[0], int) else ""
    where = ".".join(str(part) for part in path[1:])
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        unknown = sorted(set(error.instance) - set(schema["properties"]), key=str)  # type: ignore[arg-type]
        message = f"'{unknown[0]}' is unknown; possible: {', '.join(sorted(schema['properties']))}"
    elif error.validator in ("oneOf", "anyOf"):
        options = [" and ".join(one["required"]) for one in schema[error.validator]]
        message = f"say one of {', '.join(options)}, and what goes with it"
    else:
        unit = schema.get("description", "") if isinstance(schema, Mapping) else ""
        message = f"{' '.join(error.message.split())[:200]}{f' ({unit})' if unit else ''}"
    return f"{entry}{f', {where}' if where else ''}: {message}"


def _check_values(path: Path, name: str, of_video: Entries) -> None:
    """What a schema cannot say."""
    try:
        Corrections.from_entries(of_video)
    except ConfigError as error:
        raise ConfigError(f"{path}: {name}: {str(error).removeprefix('corrections: ')}") from error
    size = len(as_json(of_video))
    if size > MAX_VIDEO_BYTES:
        raise ConfigError(
            f"{path}: {name}: {len(of_video)} entries are too many, {size} bytes of at most {MAX_VIDEO_BYTES}; "
            "join steps with to_box, round numbers to three digits"
        )
