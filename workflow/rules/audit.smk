# Protected video read back like any other video and searched again, before it comes to protected/.
# What is found in it lies in a tree of its own: below audit/ a video might be named like one of our folders.
AUDIT_FLOOR, LEAK_SCORE = audit_bars(CFG)


use rule probe as audit_probe with:
    input:
        video="<results>/unaudited/{video}.mp4",
    output:
        probe="<second_look>/probe/{video}.json",
    params:
        video=unaudited,
        fingerprint="",
        options=(),
        rotate=(),  # it is upright already
    log:
        "<logs>/audit_probe/{video}.log",
    benchmark:
        "<benchmarks>/audit_probe/{video}.tsv"


use rule frames as audit_frames with:
    input:
        video="<results>/unaudited/{video}.mp4",
        probe="<second_look>/probe/{video}.json",
        model="<results>/models/{model}",
    output:
        frames=temp("<second_look>/frames/{video}/{chunk}.{model}.nut"),
        table=temp("<second_look>/frames/{video}/{chunk}.{model}.parquet"),
    params:
        video=unaudited,
        options=(),
    log:
        "<logs>/audit_frames/{video}/{chunk}.{model}.log",
    benchmark:
        "<benchmarks>/audit_frames/{video}/{chunk}.{model}.tsv"


use rule detect as audit_detect with:
    input:
        model="<results>/models/{model}",
        frames="<second_look>/frames/{video}/{chunk}.{model}.nut",
        table="<second_look>/frames/{video}/{chunk}.{model}.parquet",
    output:
        detections=temp("<second_look>/chunks/{model}/{video}/{chunk}.parquet"),
        frames=temp("<second_look>/chunks/{model}/{video}/{chunk}.frames.parquet"),
    params:
        options=options(
            device=cfg("device"),
            floor=AUDIT_FLOOR,
            max_per_frame=cfg("detect", "max_per_frame"),
            batch=cfg("detect", "batch"),
            precision=cfg("detect", "precision"),
            no_optimise=not cfg("detect", "optimise"),
        ),
    log:
        "<logs>/audit_detect/{model}/{video}/{chunk}.log",
    benchmark:
        "<benchmarks>/audit_detect/{model}/{video}/{chunk}.tsv"


# Of the video itself: where most frames have nothing to hide, its picture may lie on its side. Else no network is loaded.
rule turns:
    input:
        probe="<results>/probe/{video}.json",
        unhidden="<results>/hidden/{video}.json",
        hidden="<results>/hidden/{video}.parquet",
        hidden_frames="<results>/hidden/{video}.frames.parquet",
        models=expand("<results>/models/{model}", model=PLAN.used_by("privacy")),
    output:
        turns="<results>/turns/{video}.json",
    params:
        video=path_of,
        options=options(
            device=cfg("device"),
            max_per_frame=cfg("detect", "max_per_frame"),
            batch=cfg("detect", "batch"),
            precision=cfg("detect", "precision"),
            no_optimise=not cfg("detect", "optimise"),
            on_truncated=cfg("on_truncated"),
        ),
        code=code_digest("turns"),
    log:
        "<logs>/turns/{video}.log",
    benchmark:
        "<benchmarks>/turns/{video}.tsv"
    conda:
        "../../envs/networks.yaml"
    threads: INFERENCE_THREADS
    resources:
        mem_mb=growing(INFERENCE_MEM_MB),
        runtime=growing(60),
        gpu=INFERENCE_GPU,
    priority: 1
    shell:
        "python -m objmask turns --video={params.video:q} --probe={input.probe:q} --unhidden={input.unhidden:q} "
        "--hidden={input.hidden:q} --model {input.models:q} --threads={threads} {params.options:q} "
        "--out={output.turns:q} --log={log:q}"


# Chunks as of the source: a window leaves the last ones empty.
use rule gather as audit_gather with:
    input:
        probe="<second_look>/probe/{video}.json",
        parts=each_chunk("<second_look>/chunks/{model}/{video}/{chunk}.parquet"),
        tables=each_chunk("<second_look>/chunks/{model}/{video}/{chunk}.frames.parquet"),
    output:
        detections="<second_look>/detections/{model}/{video}.parquet",
        frames="<second_look>/detections/{model}/{video}.frames.parquet",
    params:
        options=(),
    log:
        "<logs>/audit_gather/{model}/{video}.log",
    benchmark:
        "<benchmarks>/audit_gather/{model}/{video}.tsv"


# What is read is written nowhere: only where it is, and how long.
rule audit_read:
    input:
        probe="<results>/probe/{video}.json",
        video="<results>/unaudited/{video}.mp4",
        protected_probe="<second_look>/probe/{video}.json",
    output:
        words="<second_look>/words/{video}.json",
    params:
        video=path_of,
        options=options(read_every_s=cfg("audit", "read_every_s"), **WINDOW),
        code=code_digest("read"),
    log:
        "<logs>/audit_read/{video}.log",
    benchmark:
        "<benchmarks>/audit_read/{video}.tsv"
    conda:
        "../../envs/reading.yaml"
    threads: 2
    resources:
        mem_mb=growing(3000),
        runtime=growing(120),
    priority: 1
    shell:
        "python -m objmask read --video={params.video:q} --probe={input.probe:q} --protected={input.video:q} "
        "--protected-probe={input.protected_probe:q} --threads={threads} {params.options:q} --out={output.words:q} "
        "--log={log:q}"


rule audit:
    input:
        probe="<results>/probe/{video}.json",
        detections=detections_for("privacy"),
        tables=tables_for("privacy"),
        video="<results>/unaudited/{video}.mp4",
        unhidden="<results>/hidden/{video}.json",
        turns="<results>/turns/{video}.json",
        protected_probe="<second_look>/probe/{video}.json",
        again=expand("<second_look>/detections/{model}/{{video}}.parquet", model=PLAN.searching),
        again_tables=expand("<second_look>/detections/{model}/{{video}}.frames.parquet", model=PLAN.searching),
        words=["<second_look>/words/{video}.json"] if PLAN.reads else [],
    output:
        audit="<results>/audit/{video}.json",
        provenance="<results>/provenance/audit/{video}.json",
    params:
        video=path_of,
        options=options(
            hiding=PLAN.searched,
            floor=AUDIT_FLOOR,
            leak_score=LEAK_SCORE,
            thumbnails=cfg("audit", "thumbnails"),
            **WINDOW,
        ),
        corrections=CORRECTED_AND_ALLOWED,
        words=words_option,
        code=code_digest("audit"),
    log:
        "<logs>/audit/{video}.log",
    benchmark:
        "<benchmarks>/audit/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask audit --video={params.video:q} --probe={input.probe:q} --detections {input.detections:q} "
        "--protected={input.video:q} --protected-probe={input.protected_probe:q} --again {input.again:q} "
        "--unhidden={input.unhidden:q} --turns={input.turns:q} {params.words:q} "
        "{params.options:q} {params.corrections:q} --out={output.audit:q} --provenance={output.provenance:q} --log={log:q}"


# The limit is of this rule, and so is the failure: what was found stays to be looked at, and another limit costs nothing.
rule release:
    input:
        video="<results>/unaudited/{video}.mp4",
        audit="<results>/audit/{video}.json",
    output:
        video="<results>/protected/{video}.mp4",
    params:
        quarantine=f"{RESULTS}/quarantine/{{video}}.mp4",
        options=options(fail_over=cfg("audit", "fail_over"), nothing_hidden=cfg("privacy", "nothing_hidden")),
        code=code_digest("release"),
    log:
        "<logs>/release/{video}.log",
    benchmark:
        "<benchmarks>/release/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    priority: 1
    shell:
        "python -m objmask release --protected={input.video:q} --audit={input.audit:q} "
        "--quarantine={params.quarantine:q} {params.options:q} --out={output.video:q} --log={log:q}"


rule audit_summary:
    input:
        audits=per_video("audit/{video}.json"),
    output:
        table="<results>/audit/audit.csv",
        provenance="<results>/provenance/audit_summary.json",
    params:
        videos=VIDEO_TABLE,
        audits=f"{RESULTS}/audit",
        code=code_digest("audit-summary"),
    log:
        "<logs>/audit_summary.log",
    benchmark:
        "<benchmarks>/audit_summary.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    priority: 1
    shell:
        "python -m objmask audit-summary --audits={params.audits:q} --videos={params.videos:q} --out={output.table:q} "
        "--provenance={output.provenance:q} --log={log:q}"
