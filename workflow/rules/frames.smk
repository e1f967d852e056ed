# What a video is, and the frames of it that get inference.
rule probe:
    output:
        probe="<results>/probe/{video}.json",
    params:
        video=path_of,
        fingerprint=fingerprint,
        options=options(on_truncated=cfg("on_truncated")),
        rotate=ROTATED,
        code=code_digest("probe"),
    log:
        "<logs>/probe/{video}.log",
    benchmark:
        "<benchmarks>/probe/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    shell:
        "python -m objmask probe --video={params.video:q} {params.options:q} {params.rotate:q} "
        "--out={output.probe:q} --log={log:q}"


# Takes what `detect` takes and comes after it when both could start: so frames lie on disk only for the chunks that are
# being worked on, however long the video. Each model has its own, so that a further one does not run the others again.
rule frames:
    input:
        probe="<results>/probe/{video}.json",
        model="<results>/models/{model}",
    output:
        frames=temp("<results>/frames/{video}/{chunk}.{model}.nut"),
        table=temp("<results>/frames/{video}/{chunk}.{model}.parquet"),
    params:
        video=path_of,
        options=looked_at,
        code=code_digest("frames"),
    log:
        "<logs>/frames/{video}/{chunk}.{model}.log",
    benchmark:
        "<benchmarks>/frames/{video}/{chunk}.{model}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: INFERENCE_THREADS
    resources:
        mem_mb=growing(INFERENCE_MEM_MB),
        runtime=growing(60),
        gpu=INFERENCE_GPU,
    priority: INFERENCE_GPU
    shell:
        "python -m objmask frames --video={params.video:q} --probe={input.probe:q} --model={input.model:q} "
        "--chunk={wildcards.chunk} {params.options:q} --out={output.frames:q} --table={output.table:q} --log={log:q}"


# Of several models the first one's. Read from the video again: so that asking for images later detects nothing again.
rule images:
    input:
        probe="<results>/probe/{video}.json",
        model=expand("<results>/models/{model}", model=list(MODELS)[:1]),
    output:
        folder=directory("<results>/frames/{video}/{chunk}"),
    params:
        video=path_of,
        options=options(kind=cfg("frames", "keep"), every=PLAN.every(list(MODELS)[0]), **WINDOW),
        code=code_digest("images"),
    log:
        "<logs>/images/{video}/{chunk}.log",
    benchmark:
        "<benchmarks>/images/{video}/{chunk}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    shell:
        "python -m objmask images --video={params.video:q} --probe={input.probe:q} --model={input.model:q} "
        "--chunk={wildcards.chunk} {params.options:q} --out={output.folder:q} --log={log:q}"
