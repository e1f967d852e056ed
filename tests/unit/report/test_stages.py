"""Times and memory, from whatever benchmarks and logs there are."""

from __future__ import annotations

from objmask.report.stages import read_stages

HEAD = "s\th:m:s\tmax_rss\tmax_vms\n"


def benchmark(results, below, seconds, memory):
    path = results / "benchmarks" / f"{below}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{seconds}\t0:00:01\t{memory}\t9\n")


def test_jobs_of_a_stage_come_together(tmp_path):
    benchmark(tmp_path, "masks/desk/a", 1.5, 200)
    benchmark(tmp_path, "masks/desk/b", 2.5, 100)
    benchmark(tmp_path, "detect/net/desk/a/00000000-00000300", 9, 50)
    benchmark(tmp_path, "detect/net/desk/a/00000300-00000600", 8, 60)
    benchmark(tmp_path, "frames/desk/a/00000000-00000300.net", 7, 60)
    benchmark(tmp_path, "summary", 1, "-")
    log = tmp_path / "logs/detect/net/desk/a/00000000-00000300.log"
    log.parent.mkdir(parents=True)
    log.write_text("the network's process 17 has taken 900 MiB at most\n... process 17 has taken 950 MiB at most")
    detect, frames, masks, summary = read_stages(tmp_path, {"desk/a", "desk/b"})
    assert (detect.name, detect.seconds, detect.peak_mib, detect.network_mib) == ("detect", [9, 8], 60, 900)
    assert (frames.name, frames.total_s) == ("frames", 7)
    assert (masks.total_s, masks.median_s, masks.longest_s, masks.peak_mib) == (4.0, 2.0, 2.5, 200)
    assert (summary.name, summary.peak_mib) == ("summary", 0)


def test_videos_that_are_gone_do_not_count(tmp_path):
    benchmark(tmp_path, "masks/desk/a", 1, 1)
    benchmark(tmp_path, "masks/desk/gone", 1, 1)
    benchmark(tmp_path, "gather/net/desk/gone", 1, 1)
    [masks] = read_stages(tmp_path, {"desk/a"})
    assert len(masks.seconds) == 1


def test_nothing_is_there_or_it_is_damaged(tmp_path):
    assert read_stages(tmp_path, {"a"}) == []
    for k, text in enumerate(["", "s\n", "x\ty\n1\t2\n", HEAD + "soon\n", "\ud800"]):
        path = tmp_path / f"benchmarks/stage{k}/a.tsv"
        path.parent.mkdir(parents=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert read_stages(tmp_path, {"a"}) == []
