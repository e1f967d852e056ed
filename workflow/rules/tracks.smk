# Objects over time. What is rendered, counted and exported starts from here; the network is not asked again.
rule track:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=f"{RESULTS}/detections/{{model}}/{{video}}.parquet",
        frames=f"{RESULTS}/detections/{{model}}/{{video}}.frames.parquet",
    output:
        tracks=f"{RESULTS}/tracks/{{model}}/{{video}}.parquet",
        frames=f"{RESULTS}/tracks/{{model}}/{{video}}.frames.parquet",
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
        f"{RESULTS}/logs/track/{{model}}/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/track/{{model}}/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    priority: 1
    shell:
        "python -m objmask track --video={params.video:q} --probe={input.probe:q} --detections={input.detections:q} "
        "{params.options:q} --out={output.tracks:q} --out-frames={output.frames:q} --log={log:q}"
