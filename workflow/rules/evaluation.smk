# The models, and what is hidden and painted, beside annotated frames of the videos; without inference.
# The truth is no input: its content counts, not its time or place.
JUDGED = [video.name for video in PLAN.judged]


rule evaluation:
    input:
        probes=expand("<results>/probe/{video}.json", video=JUDGED),
        detections=expand(
            "<results>/{folder}/{model}/{video}{suffix}",
            folder=["detections", "tracks"] if cfg("tracks", "enabled") else ["detections"],
            model=MODELS,
            video=JUDGED,
            suffix=[".parquet", ".frames.parquet"],
        ),
    output:
        files=expand("<results>/evaluation/{name}", name=EVALUATION),
        provenance="<results>/provenance/evaluation.json",
    params:
        annotations=lambda wildcards, input: plain(CFG["evaluation"]["annotations"] or ""),
        videos=ANNOTATED_TABLE,
        results=in_results(),
        names=options(name=list(MODELS)),
        # Colours are part of the option, but no reason to count again.
        groups=palette_for,
        objects=COUNTED,
        options=options(
            content=PLAN.annotations,
            scores=json.dumps(cfg("evaluation", "scores")),
            threshold=cfg("masks", "threshold"),
            hiding=HIDING,
            mark_masks=cfg("masks", "score"),
            mark_privacy=cfg("privacy", "score"),
            hidden_by=json.dumps(PLAN.used_by("privacy")),
            painted_by=json.dumps(PLAN.used_by("masks")),
            tracks=cfg("tracks", "enabled"),
        ),
        folder=in_results("evaluation"),
        corrections=ANNOTATED_CORRECTED,
        code=code_digest("evaluate-videos"),
    log:
        "<logs>/evaluation.log",
    benchmark:
        "<benchmarks>/evaluation.tsv"
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
    priority: 1
    shell:
        "python -m objmask evaluate-videos --annotations={params.annotations:q} --videos={params.videos:q} "
        "--results={params.results:q} {params.names:q} {params.groups:q} {params.options:q} "
        "{params.corrections:q} --out={params.folder:q} --provenance={output.provenance:q} --log={log:q}"
