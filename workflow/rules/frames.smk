# What a video is, and the frames of it that get inference.
rule probe:
    input:
        video=video_of,
    output:
        probe=f"{RESULTS}/probe/{{video}}.json",
    params:
        video=path_of,
        fingerprint=fingerprint,
        on_truncated=cfg("on_truncated"),
        code=code_digest("probe"),
    log:
        f"{RESULTS}/logs/probe/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/probe/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    shell:
        "python -m objmask probe --video={params.video:q} --on-truncated={params.on_truncated} "
        "--out={output.probe:q} --log={log:q}"


rule frames:
    input:
        video=video_of,
        probe=f"{RESULTS}/probe/{{video}}.json",
        models=[f"{RESULTS}/models/{name}" for name in MODELS],
    output:
        frames=temp(f"{RESULTS}/frames/{{video}}/{{chunk}}.nut"),
        table=temp(f"{RESULTS}/frames/{{video}}/{{chunk}}.parquet"),
    params:
        video=path_of,
        models=options("model", [f"{RESULTS}/models/{name}" for name in MODELS]),
        every=cfg("detect", "every"),
        window=window_options(),
        on_truncated=cfg("on_truncated"),
        code=code_digest("frames"),
    log:
        f"{RESULTS}/logs/frames/{{video}}/{{chunk}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/frames/{{video}}/{{chunk}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    shell:
        "python -m objmask frames --video={params.video:q} --probe={input.probe:q} {params.models} "
        "--chunk={wildcards.chunk} --every={params.every} {params.window} --on-truncated={params.on_truncated} "
        "--out={output.frames:q} --table={output.table:q} --log={log:q}"


rule images:
    input:
        frames=f"{RESULTS}/frames/{{video}}/{{chunk}}.nut",
        table=f"{RESULTS}/frames/{{video}}/{{chunk}}.parquet",
    output:
        folder=directory(f"{RESULTS}/frames/{{video}}/{{chunk}}"),
    params:
        kind=cfg("frames", "keep"),
        code=code_digest("images"),
    log:
        f"{RESULTS}/logs/images/{{video}}/{{chunk}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/images/{{video}}/{{chunk}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    shell:
        "python -m objmask images --frames={input.frames:q} --table={input.table:q} --kind={params.kind} "
        "--out={output.folder:q} --log={log:q}"
