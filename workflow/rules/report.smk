# The page that shows what came of it all. A video summary holds all that it shows of a video, so a changed one costs no other.
rule video_summary:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
        coverage=f"{RESULTS}/coverage/{{video}}.csv",
        protected=f"{RESULTS}/{PROTECTED}/{{video}}.mp4" if HIDES else [],
        hidden=detections_for("privacy") if HIDES else [],
        hidden_tables=tables_for("privacy") if HIDES else [],
    output:
        video_summary=f"{RESULTS}/report/{{video}}.json",
        provenance=f"{RESULTS}/provenance/report/{{video}}.json",
    params:
        raw=raw_option,
        raw_pictures=cfg("report", "raw_pictures"),  # the option above depends on where the video lies, and cannot count
        options=options(
            groups=PALETTE.to_json(),
            score=cfg("masks", "score"),
            threshold=cfg("masks", "threshold"),
            thumbnails=cfg("report", "thumbnails"),
            on_truncated=cfg("on_truncated"),
            **HIDING,
        ),
        corrections=CORRECTED,
        code=code_digest("video-summary"),
    log:
        f"{RESULTS}/logs/video_summary/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/video_summary/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    priority: 1
    shell:
        "python -m objmask video-summary --probe={input.probe:q} --detections {input.detections:q} --coverage={input.coverage:q} "
        "--protected {input.protected:q} --hidden {input.hidden:q} {params.raw:q} {params.options:q} "
        "{params.corrections:q} --out={output.video_summary:q} --provenance={output.provenance:q} --log={log:q}"


# Benchmarks and logs are no inputs: the page says of them what is there.
rule report:
    input:
        videos=ancient(VIDEO_TABLE),
        video_summaries=per_video("report/{video}.json"),
        tables=[f"{RESULTS}/summary/coverage_by_{by}.csv" for by in ("group", "label")],
        players=embedded(),
        audits=per_video("audit/{video}.json") if AUDITED else [],
    output:
        page=report(f"{RESULTS}/report.html", caption="../report/report.rst", category="objmask"),
        provenance=f"{RESULTS}/provenance/report.json",
    params:
        results=lambda wildcards: RESULTS,
        options=options(about=json.dumps(about(CFG, MODELS, {name: model_source(name) for name in MODELS}, NOTES))),
        page=sha256_of(Path(PROJECT) / "objmask/report/page"),
        code=code_digest("report"),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    priority: 1
    shell:
        "python -m objmask report --results={params.results:q} --videos={input.videos:q} {params.options:q} "
        "--out={output.page:q} --provenance={output.provenance:q} --log={log:q}"
