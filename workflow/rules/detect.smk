DETECTION = {
    model: options(
        device=cfg("device"),
        floor=cfg("detect", "floor"),
        max_per_frame=cfg("detect", "max_per_frame"),
        every=PLAN.every(model),
        batch=cfg("detect", "batch"),
        precision=cfg("detect", "precision"),
        no_optimise=not cfg("detect", "optimise"),
    )
    for model in MODELS
}


# The only rule that needs the network, and the one that puts its chunks together.
rule detect:
    input:
        model="<results>/models/{model}",
        frames="<results>/frames/{video}/{chunk}.{model}.nut",
        table="<results>/frames/{video}/{chunk}.{model}.parquet",
    output:
        detections=temp("<results>/chunks/{model}/{video}/{chunk}.parquet"),
        frames=temp("<results>/chunks/{model}/{video}/{chunk}.frames.parquet"),
    params:
        options=lambda wildcards: DETECTION[wildcards.model],
        code=code_digest("detect"),
    log:
        "<logs>/detect/{model}/{video}/{chunk}.log",
    benchmark:
        "<benchmarks>/detect/{model}/{video}/{chunk}.tsv"
    conda:
        "../../envs/networks.yaml"
    threads: INFERENCE_THREADS
    resources:
        mem_mb=growing(INFERENCE_MEM_MB),
        runtime=growing(240),
        gpu=INFERENCE_GPU,
    priority: 2
    shell:
        "python -m objmask detect --model={input.model:q} --frames={input.frames:q} --table={input.table:q} "
        "--threads={threads} {params.options:q} --keep-loaded "
        "--out={output.detections:q} --out-frames={output.frames:q} --log={log:q}"


rule gather:
    input:
        probe="<results>/probe/{video}.json",
        parts=each_chunk("<results>/chunks/{model}/{video}/{chunk}.parquet"),
        tables=each_chunk("<results>/chunks/{model}/{video}/{chunk}.frames.parquet"),
    output:
        detections="<results>/detections/{model}/{video}.parquet",
        frames="<results>/detections/{model}/{video}.frames.parquet",
    params:
        parts=lambda wildcards, input: options(part=list(input.parts)),
        options=options(start_s=cfg("window", "start_s"), end_s=cfg("window", "end_s")),
        code=code_digest("gather"),
    log:
        "<logs>/gather/{model}/{video}.log",
    benchmark:
        "<benchmarks>/gather/{model}/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    priority: 1
    shell:
        "python -m objmask gather --probe={input.probe:q} {params.parts:q} {params.options:q} "
        "--out={output.detections:q} --out-frames={output.frames:q} --log={log:q}"
