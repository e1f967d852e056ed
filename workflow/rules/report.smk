# Videos that the page itself holds; a link needs none.
PLAYED = [
    *(["masks/{video}.mp4"] if "masks" in CFG["outputs"] else []),
    *([f"{PROTECTED}/{{video}}.mp4"] if PLAN.hides else []),
]


# The page that shows what came of it all. A video summary holds all that it shows of a video, so a changed one costs no other.
# Of protected video, which an audit comes with, it says what is hidden. It waits for no `release`: one that fails is when it
# is wanted most.
rule video_summary:
    input:
        probe="<results>/probe/{video}.json",
        painted="<results>/painted/{video}.parquet",
        frames="<results>/painted/{video}.frames.parquet",
        coverage="<results>/coverage/{video}.csv",
        protected="<protected>/{video}.mp4" if PLAN.hides else [],
        hidden="<results>/hidden/{video}.parquet" if PLAN.hides else [],
        hidden_frames="<results>/hidden/{video}.frames.parquet" if PLAN.hides else [],
    output:
        video_summary="<results>/report/{video}.json",
        provenance="<results>/provenance/report/{video}.json",
    params:
        raw=raw_option,
        raw_pictures=cfg("report", "raw_pictures"),  # the option above depends on where the video lies, and cannot count
        options=options(
            groups=PALETTE.to_json(),
            score=cfg("masks", "score"),
            thumbnails=cfg("report", "thumbnails"),
            on_truncated=cfg("on_truncated"),
        ),
        hidden=hidden_option,
        code=code_digest("video-summary"),
    log:
        "<logs>/video_summary/{video}.log",
    benchmark:
        "<benchmarks>/video_summary/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    priority: 1
    shell:
        "python -m objmask video-summary --probe={input.probe:q} --painted={input.painted:q} --coverage={input.coverage:q} "
        "--protected {input.protected:q} {params.hidden:q} {params.raw:q} {params.options:q} "
        "--out={output.video_summary:q} --provenance={output.provenance:q} --log={log:q}"


# Benchmarks and logs are no inputs: the page says of them what is there.
rule report:
    input:
        video_summaries=per_video("report/{video}.json"),
        tables=expand("<results>/summary/coverage_by_{by}.csv", by=["group", "label"]),
        players=per_video(*PLAYED) if CFG["report"]["players"] == "embed" else [],
        audits=per_video("audit/{video}.json") if PLAN.audited else [],
    output:
        page=report("<results>/report.html", caption="../report/report.rst", category="objmask"),
        provenance="<results>/provenance/report.json",
    params:
        videos=VIDEO_TABLE,
        results=in_results(),
        options=options(
            about=json.dumps(about(CFG, MODELS, {name: PLAN.model_source(name) for name in MODELS}, PLAN.notes))
        ),
        page=sha256_of(PACKAGE / "report/page"),
        code=code_digest("report"),
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    priority: 1
    shell:
        "python -m objmask report --results={params.results:q} --videos={params.videos:q} {params.options:q} "
        "--out={output.page:q} --provenance={output.provenance:q} --log={log:q}"
