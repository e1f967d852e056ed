import json
import logging
import os
import socket
import unicodedata
from pathlib import Path

import pytest
from builders import HOSTILE
from clips import make
from hypothesis import given
from hypothesis import strategies as st

from objmask.errors import ConfigError
from objmask.files.whole import sha256_of
from objmask.inputs.chunks import chunk_range, chunks
from objmask.inputs.index import find_videos, index_videos
from objmask.inputs.names import UNLABELLED, shown_name


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A video of 20 frames, as bytes."""
    return make(tmp_path_factory.mktemp("clip") / "a.mp4").read_bytes()


def place(folder, *names, content=b"x"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names(folder):
    return [source.name for source in find_videos(folder)]


def refused(videos, *words):
    with pytest.raises(ConfigError) as caught:
        find_videos(videos)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_a_tree_of_videos(tmp_path):
    place(tmp_path, "typing/b.MP4", "typing/a.mkv", "deep/er/c.webm", "top.MoV", "notes.txt", "a.mp4.part", "mp4")
    found = find_videos(tmp_path)
    assert [(s.name, s.label, s.subject) for s in found] == [
        ("deep/er/c", "er", ""),
        ("top", UNLABELLED, ""),
        ("typing/a", "typing", ""),
        ("typing/b", "typing", ""),
    ]
    assert all(s.path.is_file() for s in found)


def test_hidden_files_and_folders_are_left_out(tmp_path):
    place(tmp_path, "a.mp4", "._a.mp4", ".trash/b.mp4", "x/.objmask-1/part.mp4", ".mp4")
    assert names(tmp_path) == ["a"]


def test_an_input_folder_may_itself_be_hidden(tmp_path):
    place(tmp_path / ".cache" / "videos", "a.mp4")
    assert names(tmp_path / ".cache" / "videos") == ["a"]


def test_folders_named_like_videos_are_folders(tmp_path):
    place(tmp_path, "session.mp4/one.mp4")
    assert len(names(tmp_path)) == 1


def test_where_nothing_is(tmp_path):
    refused(tmp_path / "nowhere", "nowhere")
    refused(Path("nowhere"), "'nowhere'", str(Path("nowhere").absolute()))
    refused(tmp_path, "no video", ".mp4")
    place(tmp_path, "a.txt")
    refused(tmp_path, "no video")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.mp4", "A.mov"),
        ("x/a.mp4", "X/a.mkv"),
        ("straße.mp4", "STRASSE.mov"),
        (unicodedata.normalize("NFC", "é.mp4"), unicodedata.normalize("NFD", "é.mov")),
        (unicodedata.normalize("NFC", "é/a.mp4"), unicodedata.normalize("NFD", "É/a.mp4")),
    ],
)
def test_two_inputs_that_would_write_one_result(tmp_path, one, other):
    place(tmp_path, one, other)
    refused(tmp_path, one, other, "rename")


def test_twins_that_differ_are_two(tmp_path):
    place(tmp_path, "a.mp4", "a-1.mp4", "a.1.mp4", "x/a.mp4", "a/a.mp4")
    assert len(set(names(tmp_path))) == 5


RESULTS = ("masks/{}.mp4", "detections/m/{}.parquet", "detections/m/{}.frames.parquet", "coverage/{}.csv",
           "probe/{}.json", "frames/{}/00000000-00000010", "frames/{}/00000000-00000010.nut", "logs/probe/{}.log",
           "chunks/m/{}/00000000-00000010.parquet", "chunks/m/{}/00000000-00000010.frames.parquet")  # fmt: skip


def test_results_of_hostile_names_never_collide(tmp_path):
    for name in HOSTILE:
        place(tmp_path, f"{name}.mp4", f"sub/{name}.MOV", f"{name}/inner.avi")
    place(tmp_path, "x.mp4", "x%2Eframes.mp4", "x.mp4.mkv", "x.frames.frames.mkv", "inner.mp4/x.mkv")
    place(tmp_path, "inner.mkv", "a/00000000-00000010.mkv", "a.mkv", "a/00000000-00000010/b.mkv", "x.parquet/y.mkv")
    found = names(tmp_path)
    assert len(found) == 3 * len(HOSTILE) + 10
    paths = [pattern.format(name) for name in found for pattern in RESULTS]
    assert len({p.casefold() for p in paths}) == len(paths)
    # Nor is one result a folder that another one needs: each can really be made.
    for path in paths:
        place(tmp_path / "results", path) if "." in path.rsplit("/", 1)[1] else (tmp_path / "results" / path).mkdir(
            parents=True, exist_ok=True
        )


def test_names_hold_nothing_that_snakemake_or_a_log_trips_over(tmp_path):
    for name in HOSTILE:
        place(tmp_path, f"{name}.mp4")
    place(tmp_path, "\x85\x07.mp4", "{video}/{chunk}.mp4")
    for source in find_videos(tmp_path):
        assert not set(source.name) & set("{}\n\t\r\x85\x07"), source.name
        assert not any(unicodedata.category(c) == "Cc" for c in source.name)
    assert "%7Bvideo%7D/%7Bchunk%7D" in names(tmp_path)


def test_people_are_shown_names_as_they_know_them_but_for_control_characters(tmp_path):
    place(tmp_path, "top {x} 100%/%41.frames.mp4", "\x85\x07.mp4")
    assert [shown_name(name) for name in names(tmp_path)] == ["%85%07", "top {x} 100%/%41.frames"]


def test_ordinary_names_are_kept(tmp_path):
    place(tmp_path, "1_10_walk.MP4", "0dry-2.MP4", "awesome movie.mov", "schön 会議.mp4", "a.b.mp4", "it's (1) [x].mp4")
    assert names(tmp_path) == ["0dry-2", "1_10_walk", "a.b", "awesome movie", "it's (1) [x]", "schön 会議"]


def test_a_name_that_is_not_unicode(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.mp4")).write_bytes(b"x")
    refused(tmp_path, "caf", "not Unicode", "rename")


def test_a_label_is_one_cell_of_a_table(tmp_path):
    place(tmp_path, "two\nlines\tand tab/a.mp4")
    (source,) = find_videos(tmp_path)
    assert source.label == "two lines and tab"


def table(folder, text, name="videos.tsv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("separator", ["\t", ","])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_as_spreadsheets_write_them(tmp_path, separator, start, end):
    place(tmp_path, "v/a.mp4", "v/w/b b.mp4")
    rows = [["path", "label", "subject", "room"], ["v/a.mp4", "typing", "s1", "1"], ["v/w/b b.mp4", "", "", ""]]
    text = start + "".join(separator.join(row) + end for row in rows) + end
    found = find_videos(table(tmp_path, text))
    assert [(s.name, s.label, s.subject) for s in found] == [("v/a", "typing", "s1"), ("v/w/b b", UNLABELLED, "")]
    assert [s.path for s in found] == [tmp_path / "v/a.mp4", tmp_path / "v/w/b b.mp4"]


def test_a_quoted_cell_may_hold_anything(tmp_path):
    place(tmp_path, "a, b.mp4")
    found = find_videos(table(tmp_path, 'path,label\n"a, b.mp4","two\nlines, ""quoted"""\n', "v.csv"))
    assert [(s.name, s.label) for s in found] == [("a, b", 'two lines, "quoted"')]


def test_absolute_paths_and_paths_from_the_table(tmp_path):
    place(tmp_path, "data/s1/a.mp4", "other/b.mp4", "lists/c.mp4")
    text = f"path\n{tmp_path}/data/s1/a.mp4\n../other/b.mp4\nc.mp4\n"
    found = find_videos(table(tmp_path / "lists", text))
    assert [s.name for s in found] == ["data/s1/a", "lists/c", "other/b"]
    assert all(s.path.is_file() for s in found)


def test_a_table_named_from_elsewhere(tmp_path, monkeypatch):
    place(tmp_path, "lists/v/a.mp4")
    table(tmp_path / "lists", "path\nv/a.mp4\n")
    monkeypatch.chdir(tmp_path)
    (source,) = find_videos(Path("lists/videos.tsv"))
    assert source.path.is_file()
    assert source.name == "v/a"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no column 'path'"]),
        ("path,label\n", ["no rows"]),
        ("Path,label\na.mp4,x\n", ["no column 'path'", "'Path'", "renamed"]),
        ("file,label\na.mp4,x\n", ["no column 'path'", "label"]),
        ("path;label\na.mp4;x\n", ["no column 'path'", "';'", "tabs (TSV) or commas (CSV)"]),
        ("path,label\nb.mp4,x\n", ["b.mp4", "not a file"]),
        ("path,label\n,x\n", ["not a file"]),
        ("path,label\n.,x\n", ["not a file"]),
        ("path\na.mp4\n./a.mp4\n", ["a.mp4", "same results"]),
        ("path\na.mp4\nA.mov\n", ["a.mp4", "A.mov", "same results"]),
    ],
)
def test_tables_that_cannot_be_meant(tmp_path, text, words):
    place(tmp_path, "a.mp4", "A.mov")
    refused(table(tmp_path, text), *words)


@pytest.mark.parametrize(
    ("columns", "meant"),
    [
        ("path,lable,subject", "'lable'; did you mean 'label'?"),
        ("path\tLabel", "'Label'; did you mean 'label'?"),
        ("path, subject", "' subject'; did you mean 'subject'?"),
        ("path,label,labels,object,camera,date", None),
    ],
)
def test_misspelt_columns_are_told(tmp_path, caplog, columns, meant):
    place(tmp_path, "a.mp4")
    warnings = []
    (source,) = find_videos(table(tmp_path, f"{columns}\na.mp4{',x' * columns.count(',')}\n"), warnings.append)
    assert source.path == tmp_path / "a.mp4"
    assert [meant in line for line in warnings] == ([True] if meant else [])
    assert not caplog.messages


def test_a_picture_or_a_spreadsheet_is_no_table(tmp_path, clip):
    place(tmp_path, "clip.jpg", content=clip)
    refused(tmp_path / "clip.jpg", "clip.jpg", "not a video; videos end in .3gp", "table")
    (tmp_path / "t.csv").write_bytes("path\na.mp4\n".encode("utf-16"))
    refused(tmp_path / "t.csv", "t.csv", "UTF-8")
    (tmp_path / "t.csv").write_bytes("path\nschön.mp4\n".encode("latin-1"))
    refused(tmp_path / "t.csv", "t.csv", "UTF-8")


def index(folder, cache):
    return {video.name: video for video in index_videos(find_videos(folder), cache)}


def test_what_is_known_of_each_video(tmp_path, clip):
    place(tmp_path / "v", "s/a.mp4", content=clip)
    place(tmp_path / "v", "bad.mp4", "empty.mp4", content=b"")
    place(tmp_path / "v", "text.mp4", "two\nlines.mp4", content=b"no video\n" * 10)
    found = index(tmp_path / "v", tmp_path / "results" / "index.json")
    good = found["s/a"]
    assert (good.packets, good.unreadable, good.label) == (20, "", "s")
    assert good.sha256 == sha256_of(tmp_path / "v/s/a.mp4")
    assert "lines.mp4" in found["two%0Alines"].unreadable
    assert "\n" not in found["two%0Alines"].unreadable
    for name in ("bad", "empty", "text"):
        assert found[name].packets == 0
        assert f"{name}.mp4" in found[name].unreadable
        assert found[name].sha256 == sha256_of(tmp_path / "v" / f"{name}.mp4")
    for bad in ("bad", "empty", "text", "two%0Alines"):
        assert str(tmp_path) not in found[bad].unusable
        assert len(found[bad].unusable) > len("two lines.mp4: ")


def test_an_unchanged_file_is_not_read_again(tmp_path, clip):
    place(tmp_path / "v", "a.mp4", content=clip)
    path, cache = tmp_path / "v/a.mp4", tmp_path / "index.json"
    first = index(tmp_path / "v", cache)["a"]
    state = path.stat()
    path.write_bytes(b"\0" * len(clip))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert index(tmp_path / "v", cache)["a"] == first
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    again = index(tmp_path / "v", cache)["a"]
    assert again.sha256 == sha256_of(path) != first.sha256
    assert again.unreadable


def test_a_file_of_another_size_is_read_again(tmp_path, clip):
    place(tmp_path / "v", "a.mp4", content=clip)
    path, cache = tmp_path / "v/a.mp4", tmp_path / "index.json"
    index(tmp_path / "v", cache)
    state = path.stat()
    path.write_bytes(clip + b"\0")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert index(tmp_path / "v", cache)["a"].sha256 == sha256_of(path)


def test_a_touched_file_keeps_its_fingerprint(tmp_path, clip):
    place(tmp_path / "v", "a.mp4", content=clip)
    first = index(tmp_path / "v", tmp_path / "index.json")
    os.utime(tmp_path / "v/a.mp4")
    assert index(tmp_path / "v", tmp_path / "index.json") == first


def test_the_cache_is_not_rewritten_for_nothing(tmp_path, clip):
    place(tmp_path / "v", "a.mp4", content=clip)
    cache = tmp_path / "index.json"
    index(tmp_path / "v", cache)
    before = cache.stat()
    index(tmp_path / "v", cache)
    assert cache.stat() == before


DAMAGED = [
    *("", "{", "[]", "3", "null", '"x"', "\xff\xfe", '{"other": [1]}'),
    *('{"PATH": 3}', '{"PATH": null}', '{"PATH": {}}', '{"PATH": {"size": SIZE, "mtime_ns": TIME}}'),
    '{"PATH": {"size": SIZE, "mtime_ns": TIME, "sha256": null, "packets": "x", "unreadable": ""}}',
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_cache_costs_time_and_nothing_else(tmp_path, clip, text):
    place(tmp_path / "v", "a.mp4", content=clip)
    path, cache = tmp_path / "v/a.mp4", tmp_path / "index.json"
    state = path.stat()
    text = text.replace("SIZE", str(state.st_size)).replace("TIME", str(state.st_mtime_ns)).replace("PATH", str(path))
    cache.write_bytes(text.encode("latin-1"))
    assert index(tmp_path / "v", cache)["a"].packets == 20
    assert json.loads(cache.read_text())[str(path)]["sha256"] == sha256_of(path)


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path, clip, caplog):
    place(tmp_path / "v", "a.mp4", content=clip)
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING, "objmask"):
        found = index(tmp_path / "v", tmp_path / "file" / "index.json")
    assert found["a"].packets == 20
    assert [r for r in caplog.records if "index.json" in r.getMessage()]
    (tmp_path / "index.json").mkdir()
    assert index(tmp_path / "v", tmp_path / "index.json")["a"].packets == 20


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_indexed(tmp_path, clip, name):
    place(tmp_path / "v", f"{name}/{name}.mp4", content=clip)
    for _ in range(2):
        (video,) = index_videos(find_videos(tmp_path / "v"), tmp_path / "index.json")
        assert (video.packets, video.unreadable) == (20, "")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that fails on reading")
def test_one_file_that_cannot_be_read_does_not_stop_the_others(tmp_path, clip):
    place(tmp_path / "v", "a.mp4", content=clip)
    (tmp_path / "v/b.mp4").symlink_to("/proc/self/mem")
    found = index(tmp_path / "v", tmp_path / "index.json")
    assert found["a"].packets == 20
    assert "b.mp4" in found["b"].unreadable


def test_many_videos_keep_their_order(tmp_path, clip):
    place(tmp_path / "v", *(f"{i:03d}.mp4" for i in range(60)), content=clip)
    for i in range(60):
        with (tmp_path / "v" / f"{i:03d}.mp4").open("ab") as stream:
            stream.write(bytes(i))
    found = index_videos(find_videos(tmp_path / "v"), tmp_path / "index.json")
    assert [v.name for v in found] == [f"{i:03d}" for i in range(60)]
    assert all(v.sha256 == sha256_of(v.path) for v in found)


@pytest.mark.parametrize(
    ("packets", "step", "expected"),
    [
        (0, 0, ["00000000-00000000"]),
        (0, 10, ["00000000-00000000"]),
        (1, 0, ["00000000-00000001"]),
        (20, 0, ["00000000-00000020"]),
        (20, 20, ["00000000-00000020"]),
        (20, 8, ["00000000-00000008", "00000008-00000016", "00000016-00000020"]),
        (20, 1000, ["00000000-00000020"]),
    ],
)
def test_chunks_by_hand(packets, step, expected):
    assert chunks(packets, step) == expected


@given(packets=st.integers(0, 3000), step=st.integers(0, 500))
def test_chunks_cover_every_frame_once(packets, step):
    ranges = [chunk_range(name) for name in chunks(packets, step)]
    assert [frame for first, stop in ranges for frame in range(first, stop)] == list(range(packets))
    assert all(stop - first <= (step or packets) for first, stop in ranges)
    assert chunks(packets, step) == sorted(chunks(packets, step))


@pytest.mark.parametrize("name", ["", "0-10", "00000000", "00000000-0000001x", "../00000000-00000010", "a\n"])
def test_what_is_no_chunk(name):
    with pytest.raises(ConfigError, match="eight digits"):
        chunk_range(name)


def test_links_to_folders_are_followed_once(tmp_path):
    place(tmp_path / "disk", "typing/a.mp4")
    place(tmp_path / "videos", "b.mp4")
    (tmp_path / "videos" / "more").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "loop").symlink_to(tmp_path / "disk")
    assert names(tmp_path / "videos") == ["b", "more/typing/a"]


def test_videos_of_other_kinds_are_not_passed_over_in_silence(tmp_path, caplog):
    place(tmp_path, "a.mp4", "old/b.braw", "c.M3U8", "d.mp4.part", "notes.txt", "picture.jpg", "sound.wav")
    assert names(tmp_path) == ["a"]
    [line] = caplog.messages
    assert "3 left out" in line
    for name in ("old/b.braw", "c.M3U8", "d.mp4.part"):
        assert name in line


CAMERAS = ".mts .m2ts .ts .wmv .vob .mpeg .ogv .flv .3g2 .insv .lrv .360 .mjpeg .dv .mp4 .MOV .avi .mkv .webm .m4v .mpg"


def test_what_cameras_and_recorders_write_is_taken_on_every_machine(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("mimetypes.knownfiles", [])
    place(tmp_path, *(f"{i:02d}{suffix}" for i, suffix in enumerate(CAMERAS.split())))
    assert len(names(tmp_path)) == len(CAMERAS.split())
    assert caplog.messages == []


@pytest.mark.parametrize(
    "folder",
    ["$RECYCLE.BIN", "System Volume Information", "@eaDir", "#recycle", "lost+found", ".Trashes", "__MACOSX"],
)
def test_what_systems_keep_for_themselves_is_passed_over(tmp_path, caplog, folder):
    place(tmp_path, "a.mp4", f"{folder}/b.mp4", f"typing/{folder}/S-1-5/c.mp4", f"typing/{folder.lower()}.mp4")
    (tmp_path / folder).chmod(0)
    assert names(tmp_path) == sorted(["a", *([] if folder.startswith(".") else [f"typing/{folder.lower()}"])])
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("original", "copy"),
    [
        ("GOPR0001.MP4", "GOPR0001.LRV"),
        ("GX010001.MP4", "GL010001.LRV"),
        ("GH010001.MP4", "GL010001.lrv"),
        ("VID_20230101_120000_00_001.insv", "LRV_20230101_120000_01_001.insv"),
        ("VID_20230101_120000_00_001.mp4", "VID_20230101_120000_00_001.insv"),
        ("DJI_0001.MP4", "DJI_0001.LRF"),
        ("GS010001.mp4", "GS010001.360"),
    ],
)
def test_a_camera_card_holds_each_video_once(tmp_path, caplog, original, copy):
    """What a camera writes beside a video is left out and named; alone it is a video as any other."""
    copy = copy.replace("_01_001.insv", "_00_001.insv")
    place(tmp_path, f"card/{original}", f"card/{copy}", f"alone/{copy}")
    assert names(tmp_path) == sorted([f"alone/{Path(copy).stem}", f"card/{Path(original).stem}"])
    [line] = caplog.messages
    assert f"card/{copy}" in line
    assert original not in line.replace(copy, "")


def test_source_code_with_a_suffix_of_videos_is_left_out_and_named(tmp_path, caplog, clip):
    place(tmp_path, "a.mp4", "empty.ts", content=clip)
    (tmp_path / "empty.ts").write_bytes(b"")
    for name in ("player.ts", "go.mod", "käse.mts"):
        (tmp_path / name).write_text("export const größe = 3;  // é\n" * 400)
    (tmp_path / "real.ts").write_bytes(b"\x47\x40\x00\x10" + bytes(184))
    assert names(tmp_path) == ["a", "empty", "real"]
    [line] = caplog.messages
    assert all(name in line for name in ("3 left out", "player.ts", "go.mod", "käse.mts"))


def not_a_file(path, kind):
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    else:
        path.symlink_to({"link": "nowhere", "loop": path.name, "device": "/dev/zero"}[kind])


NO_FILES = ("link", "loop", "pipe", "socket", "device")


@pytest.mark.parametrize("kind", NO_FILES)
def test_a_video_that_is_no_file_counts_as_unreadable(tmp_path, clip, kind):
    """So it fails the run, or is excluded by name: a link to a disk that is not there was meant as a video."""
    place(tmp_path / "v", "good.mp4", content=clip)
    not_a_file(tmp_path / "v/x.mp4", kind)
    for _ in range(2):
        found = index(tmp_path / "v", tmp_path / "index.json")
        assert found["good"].packets == 20
        assert (found["x"].packets, found["x"].sha256) == (0, "")
        assert "x.mp4: cannot be opened" in found["x"].unreadable


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_and_no_video_is_named(tmp_path, caplog, kind):
    place(tmp_path, "a.mp4")
    not_a_file(tmp_path / "disk2", kind)
    assert names(tmp_path) == ["a"]
    [line] = caplog.messages
    assert "disk2" in line


@pytest.mark.parametrize("kind", NO_FILES)
def test_in_a_table_it_is_unreadable_as_well(tmp_path, kind):
    not_a_file(tmp_path / "x.mp4", kind)
    found = index(table(tmp_path, "path\nx.mp4\n"), tmp_path / "index.json")
    assert "x.mp4: cannot be opened" in found["x"].unreadable


def test_a_link_that_is_whole_again_is_read(tmp_path, clip):
    (tmp_path / "v").mkdir()
    (tmp_path / "v/x.mp4").symlink_to(tmp_path / "disk.mp4")
    assert index(tmp_path / "v", tmp_path / "index.json")["x"].unreadable
    (tmp_path / "disk.mp4").write_bytes(clip)
    assert index(tmp_path / "v", tmp_path / "index.json")["x"].packets == 20


def test_a_file_that_is_gone_before_it_is_read(tmp_path, clip):
    place(tmp_path / "v", "a.mp4", "b.mp4", content=clip)
    sources = find_videos(tmp_path / "v")
    (tmp_path / "v/b.mp4").unlink()
    a, b = index_videos(sources, tmp_path / "index.json")
    assert (a.packets, b.packets) == (20, 0)
    assert "No such file" in b.unreadable


def test_two_links_to_one_file_are_two_videos(tmp_path, clip):
    place(tmp_path / "disk", "x.mp4", content=clip)
    (tmp_path / "v").mkdir()
    (tmp_path / "v/a.mp4").symlink_to(tmp_path / "disk/x.mp4")
    os.link(tmp_path / "disk/x.mp4", tmp_path / "v/b.mp4")
    found = index(tmp_path / "v", tmp_path / "index.json")
    assert found["a"].sha256 == found["b"].sha256 != ""


def test_a_video_by_itself_is_named_after_its_file(tmp_path):
    place(tmp_path, "desk/A {1}.MP4", "desk/b.mp4")
    [found] = find_videos(tmp_path / "desk/A {1}.MP4")
    assert (found.name, found.path, found.label) == ("A %7B1%7D", tmp_path / "desk/A {1}.MP4", UNLABELLED)


def test_results_of_ours_among_the_videos_are_no_input(tmp_path):
    place(tmp_path, "a.mp4", "a_objmask/results/index.json", "a_objmask/results/masks/a.mp4")
    place(tmp_path, "a_objmask/results/probe/a.json", "a_objmask/results/logs/probe/a.log", "probe/b.mp4", "logs/c.mp4")
    assert names(tmp_path) == ["a", "logs/c", "probe/b"]
