# Protected video read back like any other video and searched again, before it comes to protected/.
# What is found in it lies in a tree of its own: below audit/ a video might be named like one of our folders.
use rule probe as audit_probe with:
    input:
        video=f"{RESULTS}/unaudited/{{video}}.mp4",
    output:
        probe=f"{RESULTS}/second_look/probe/{{video}}.json",
    params:
        video=unaudited,
        fingerprint="",
        options=(),
    log:
        f"{RESULTS}/logs/audit_probe/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit_probe/{{video}}.tsv"


use rule frames as audit_frames with:
    input:
        video=f"{RESULTS}/unaudited/{{video}}.mp4",
        probe=f"{RESULTS}/second_look/probe/{{video}}.json",
        model=f"{RESULTS}/models/{{model}}",
    output:
        frames=temp(f"{RESULTS}/second_look/frames/{{video}}/{{chunk}}.{{model}}.nut"),
        table=temp(f"{RESULTS}/second_look/frames/{{video}}/{{chunk}}.{{model}}.parquet"),
    params:
        video=unaudited,
        options=(),
    log:
        f"{RESULTS}/logs/audit_frames/{{video}}/{{chunk}}.{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit_frames/{{video}}/{{chunk}}.{{model}}.tsv"


use rule detect as audit_detect with:
    input:
        model=f"{RESULTS}/models/{{model}}",
        frames=f"{RESULTS}/second_look/frames/{{video}}/{{chunk}}.{{model}}.nut",
        table=f"{RESULTS}/second_look/frames/{{video}}/{{chunk}}.{{model}}.parquet",
    output:
        detections=temp(f"{RESULTS}/second_look/chunks/{{model}}/{{video}}/{{chunk}}.parquet"),
        frames=temp(f"{RESULTS}/second_look/chunks/{{model}}/{{video}}/{{chunk}}.frames.parquet"),
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
        f"{RESULTS}/logs/audit_detect/{{model}}/{{video}}/{{chunk}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit_detect/{{model}}/{{video}}/{{chunk}}.tsv"


# Chunks as of the source: a window leaves the last ones empty.
use rule gather as audit_gather with:
    input:
        probe=f"{RESULTS}/second_look/probe/{{video}}.json",
        parts=lambda w: [
            f"{RESULTS}/second_look/chunks/{w.model}/{w.video}/{chunk}.parquet"
            for chunk in chunks_of(w.video, w.model)
        ],
        tables=lambda w: [
            f"{RESULTS}/second_look/chunks/{w.model}/{w.video}/{chunk}.frames.parquet"
            for chunk in chunks_of(w.video, w.model)
        ],
    output:
        detections=f"{RESULTS}/second_look/detections/{{model}}/{{video}}.parquet",
        frames=f"{RESULTS}/second_look/detections/{{model}}/{{video}}.frames.parquet",
    params:
        options=(),
    log:
        f"{RESULTS}/logs/audit_gather/{{model}}/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit_gather/{{model}}/{{video}}.tsv"


rule audit:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("privacy"),
        tables=tables_for("privacy"),
        video=f"{RESULTS}/unaudited/{{video}}.mp4",
        unhidden=f"{RESULTS}/hidden/{{video}}.json",
        protected_probe=f"{RESULTS}/second_look/probe/{{video}}.json",
        again=[f"{RESULTS}/second_look/detections/{name}/{{video}}.parquet" for name in SEARCHING],
        again_tables=[f"{RESULTS}/second_look/detections/{name}/{{video}}.frames.parquet" for name in SEARCHING],
    output:
        audit=f"{RESULTS}/audit/{{video}}.json",
        provenance=f"{RESULTS}/provenance/audit/{{video}}.json",
    params:
        video=path_of,
        options=options(
            objects=SENSITIVE,
            score=cfg("privacy", "score"),
            threshold=cfg("privacy", "threshold"),
            floor=AUDIT_FLOOR,
            leak_score=LEAK_SCORE,
            thumbnails=cfg("audit", "thumbnails"),
            **WINDOW,
        ),
        corrections=CORRECTED_AND_ALLOWED,
        code=code_digest("audit"),
    log:
        f"{RESULTS}/logs/audit/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    priority: 1
    shell:
        "python -m objmask audit --video={params.video:q} --probe={input.probe:q} --detections {input.detections:q} "
        "--protected={input.video:q} --protected-probe={input.protected_probe:q} --again {input.again:q} "
        "--unhidden={input.unhidden:q} "
        "{params.options:q} {params.corrections:q} --out={output.audit:q} --provenance={output.provenance:q} --log={log:q}"


# The limit is of this rule, and so is the failure: what was found stays to be looked at, and another limit costs nothing.
rule release:
    input:
        video=f"{RESULTS}/unaudited/{{video}}.mp4",
        audit=f"{RESULTS}/audit/{{video}}.json",
    output:
        video=f"{RESULTS}/protected/{{video}}.mp4",
    params:
        quarantine=lambda wildcards: f"{RESULTS}/quarantine/{wildcards.video}.mp4",
        options=options(fail_over=cfg("audit", "fail_over"), nothing_hidden=cfg("privacy", "nothing_hidden")),
        code=code_digest("release"),
    log:
        f"{RESULTS}/logs/release/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/release/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    priority: 1
    shell:
        "python -m objmask release --protected={input.video:q} --audit={input.audit:q} "
        "--quarantine={params.quarantine:q} {params.options:q} --out={output.video:q} --log={log:q}"


rule audit_summary:
    input:
        videos=ancient(VIDEO_TABLE),
        audits=per_video("audit/{video}.json"),
    output:
        table=f"{RESULTS}/audit/audit.csv",
        provenance=f"{RESULTS}/provenance/audit_summary.json",
    params:
        audits=lambda wildcards: f"{RESULTS}/audit",
        code=code_digest("audit-summary"),
    log:
        f"{RESULTS}/logs/audit_summary.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit_summary.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    priority: 1
    shell:
        "python -m objmask audit-summary --audits={params.audits:q} --videos={input.videos:q} --out={output.table:q} "
        "--provenance={output.provenance:q} --log={log:q}"
