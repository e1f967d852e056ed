# Videos made from detections; none of them needs the network.
rule masks:
    input:
        probe="<results>/probe/{video}.json",
        painted="<results>/painted/{video}.parquet",
        frames="<results>/painted/{video}.frames.parquet",
    output:
        video="<results>/{folder,masks|masks_lossless}/{video}.mp4",
        provenance="<results>/provenance/{folder}/{video}.json",
    params:
        options=options(
            groups=PALETTE.to_json(),
            preset=cfg("video", "preset"),
        ),
        lossless=lambda wildcards: options(lossless=wildcards.folder == "masks_lossless"),
        code=code_digest("masks"),
    log:
        "<logs>/{folder}/{video}.log",
    benchmark:
        "<benchmarks>/{folder}/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask masks --probe={input.probe:q} --painted={input.painted:q} {params.options:q} "
        "{params.lossless:q} --out={output.video:q} --provenance={output.provenance:q} --log={log:q}"


rule overlay:
    input:
        probe="<results>/probe/{video}.json",
        painted="<results>/painted/{video}.parquet",
        frames="<results>/painted/{video}.frames.parquet",
    output:
        video="<results>/overlay/{video}.mp4",
        provenance="<results>/provenance/overlay/{video}.json",
    params:
        video=path_of,
        options=options(
            groups=PALETTE.to_json(),
            quality=cfg("video", "quality"),
            preset=cfg("video", "preset"),
            **WINDOW,
        ),
        code=code_digest("overlay"),
    log:
        "<logs>/overlay/{video}.log",
    benchmark:
        "<benchmarks>/overlay/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask overlay --video={params.video:q} --probe={input.probe:q} --painted={input.painted:q} "
        "{params.options:q} --out={output.video:q} --provenance={output.provenance:q} --log={log:q}"


rule protect:
    input:
        probe="<results>/probe/{video}.json",
        hidden="<results>/hidden/{video}.parquet",
        frames="<results>/hidden/{video}.frames.parquet",
    output:
        video="<protected>/{video}.mp4",
        provenance="<results>/provenance/protected/{video}.json",
    params:
        video=path_of,
        options=options(
            look=LOOK,
            audio=cfg("privacy", "audio"),
            # Of audited video `release` decides, so that it lies in quarantine to be looked at.
            nothing_hidden=None if PLAN.audited else cfg("privacy", "nothing_hidden"),
            quality=cfg("video", "quality"),
            preset=cfg("video", "preset"),
            **WINDOW,
        ),
        code=code_digest("protect"),
    log:
        "<logs>/protect/{video}.log",
    benchmark:
        "<benchmarks>/protect/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask protect --video={params.video:q} --probe={input.probe:q} --hidden={input.hidden:q} "
        "{params.options:q} --out={output.video:q} "
        "--provenance={output.provenance:q} --log={log:q}"
