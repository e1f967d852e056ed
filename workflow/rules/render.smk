# Videos made from detections; none of them needs the network.
rule masks:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
    output:
        video=f"{RESULTS}/{{folder,masks|masks_lossless}}/{{video}}.mp4",
        provenance=f"{RESULTS}/provenance/{{folder}}/{{video}}.json",
    params:
        options=options(
            groups=PALETTE.to_json(),
            score=cfg("masks", "score"),
            threshold=cfg("masks", "threshold"),
            preset=cfg("video", "preset"),
        ),
        lossless=lambda wildcards: options(lossless=wildcards.folder == "masks_lossless"),
        corrections=CORRECTED,
        code=code_digest("masks"),
    log:
        f"{RESULTS}/logs/{{folder}}/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/{{folder}}/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    priority: 1
    shell:
        "python -m objmask masks --probe={input.probe:q} --detections {input.detections:q} {params.options:q} "
        "{params.corrections:q} {params.lossless:q} --out={output.video:q} --provenance={output.provenance:q} --log={log:q}"


rule overlay:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
    output:
        video=f"{RESULTS}/overlay/{{video}}.mp4",
        provenance=f"{RESULTS}/provenance/overlay/{{video}}.json",
    params:
        video=path_of,
        options=options(
            groups=PALETTE.to_json(),
            score=cfg("masks", "score"),
            threshold=cfg("masks", "threshold"),
            quality=cfg("video", "quality"),
            preset=cfg("video", "preset"),
            **WINDOW,
        ),
        corrections=CORRECTED,
        code=code_digest("overlay"),
    log:
        f"{RESULTS}/logs/overlay/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/overlay/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    priority: 1
    shell:
        "python -m objmask overlay --video={params.video:q} --probe={input.probe:q} --detections {input.detections:q} "
        "{params.options:q} {params.corrections:q} --out={output.video:q} --provenance={output.provenance:q} --log={log:q}"


rule protect:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("privacy"),
        tables=tables_for("privacy"),
    output:
        video=f"{RESULTS}/{PROTECTED}/{{video}}.mp4",
        hidden=f"{RESULTS}/hidden/{{video}}.json",
        provenance=f"{RESULTS}/provenance/protected/{{video}}.json",
    params:
        video=path_of,
        options=options(
            objects=SENSITIVE,
            score=cfg("privacy", "score"),
            threshold=cfg("privacy", "threshold"),
            style=cfg("privacy", "style"),
            strength=cfg("privacy", "strength"),
            shape=cfg("privacy", "shape"),
            grow=cfg("privacy", "grow"),
            hold=cfg("privacy", "hold"),
            zones=json.dumps(cfg("privacy", "zones")),
            whole_frame_when=cfg("privacy", "whole_frame_when"),
            audio=cfg("privacy", "audio"),
            # Of audited video `release` decides, so that it lies in quarantine to be looked at.
            nothing_hidden=None if AUDITED else cfg("privacy", "nothing_hidden"),
            quality=cfg("video", "quality"),
            preset=cfg("video", "preset"),
            **WINDOW,
        ),
        corrections=CORRECTED,
        code=code_digest("protect"),
    log:
        f"{RESULTS}/logs/protect/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/protect/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    priority: 1
    shell:
        "python -m objmask protect --video={params.video:q} --probe={input.probe:q} --detections {input.detections:q} "
        "{params.options:q} {params.corrections:q} --out={output.video:q} --out-hidden={output.hidden:q} "
        "--provenance={output.provenance:q} --log={log:q}"
