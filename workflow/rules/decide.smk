# What is painted and what is hidden of each frame, each decided once. All that renders, counts and exports reads these.
rule paint:
    input:
        probe="<results>/probe/{video}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
    output:
        painted="<results>/painted/{video}.parquet",
        frames="<results>/painted/{video}.frames.parquet",
        provenance="<results>/provenance/painted/{video}.json",
    params:
        # Colours are part of the option, but no reason to decide again.
        groups=palette_for,
        objects=COUNTED,
        options=options(score=cfg("masks", "score"), threshold=cfg("masks", "threshold"), counting=PLAN.counting),
        corrections=CORRECTED,
        code=code_digest("paint"),
    log:
        "<logs>/paint/{video}.log",
    benchmark:
        "<benchmarks>/paint/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask paint --probe={input.probe:q} --detections {input.detections:q} {params.groups:q} "
        "{params.options:q} {params.corrections:q} --out={output.painted:q} --provenance={output.provenance:q} "
        "--log={log:q}"


rule hide:
    input:
        probe="<results>/probe/{video}.json",
        detections=detections_for("privacy"),
        tables=tables_for("privacy"),
    output:
        hidden="<results>/hidden/{video}.parquet",
        frames="<results>/hidden/{video}.frames.parquet",
        unhidden="<results>/hidden/{video}.json",
        provenance="<results>/provenance/hidden/{video}.json",
    params:
        options=options(hiding=HIDING),
        corrections=CORRECTED,
        code=code_digest("hide"),
    log:
        "<logs>/hide/{video}.log",
    benchmark:
        "<benchmarks>/hide/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask hide --probe={input.probe:q} --detections {input.detections:q} {params.options:q} "
        "{params.corrections:q} --out={output.hidden:q} --out-unhidden={output.unhidden:q} "
        "--provenance={output.provenance:q} --log={log:q}"
