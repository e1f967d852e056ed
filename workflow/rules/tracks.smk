# Objects over time. What is rendered, counted and exported starts from here; the network is not asked again.
rule track:
    input:
        probe="<results>/probe/{video}.json",
        detections="<results>/detections/{model}/{video}.parquet",
        frames="<results>/detections/{model}/{video}.frames.parquet",
    output:
        tracks="<results>/tracks/{model}/{video}.parquet",
        frames="<results>/tracks/{model}/{video}.frames.parquet",
    params:
        video=path_of,
        options=options(
            gap_s=cfg("tracks", "gap_s"),
            extend_s=cfg("tracks", "extend_s"),
            memory_s=cfg("tracks", "memory_s"),
            no_flow=not cfg("tracks", "flow"),
            **WINDOW,
        ),
        code=code_digest("track"),
    log:
        "<logs>/track/{model}/{video}.log",
    benchmark:
        "<benchmarks>/track/{model}/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask track --video={params.video:q} --probe={input.probe:q} --detections={input.detections:q} "
        "{params.options:q} --out={output.tracks:q} --out-frames={output.frames:q} --log={log:q}"
