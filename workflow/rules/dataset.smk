# What a training program wants besides the annotations of each video: the images, and one file for all.
rule annotated_images:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
    output:
        images=directory(f"{RESULTS}/exports/images/{{video}}"),
    params:
        video=path_of,
        options=options(kind=IMAGES, every=cfg("exports", "every"), on_truncated=cfg("on_truncated")),
        code=code_digest("annotated-images"),
    log:
        f"{RESULTS}/logs/annotated_images/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/annotated_images/{{video}}.tsv"
    conda:
        "../../envs/exports.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    shell:
        "python -m objmask annotated-images --video={params.video:q} --probe={input.probe:q} "
        "--detections {input.detections:q} {params.options:q} --out={output.images:q} --log={log:q}"


rule coco_dataset:
    input:
        videos=ancient(VIDEO_TABLE),
        annotations=per_video("exports/coco/{video}.json"),
    output:
        dataset=f"{RESULTS}/exports/annotations.json",
        provenance=f"{RESULTS}/provenance/coco_dataset.json",
    params:
        annotations=lambda wildcards: f"{RESULTS}/exports/coco",
        groups=lambda wildcards, input: options(groups=PALETTE.to_json()),
        objects=COUNTED,
        options=options(format="coco"),
        code=code_digest("dataset"),
    log:
        f"{RESULTS}/logs/coco_dataset.log",
    benchmark:
        f"{RESULTS}/benchmarks/coco_dataset.tsv"
    conda:
        "../../envs/exports.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    priority: 1
    shell:
        "python -m objmask dataset --annotations={params.annotations:q} --videos={input.videos:q} "
        "{params.groups:q} {params.options:q} --out={output.dataset:q} "
        "--provenance={output.provenance:q} --log={log:q}"


use rule coco_dataset as yolo_dataset with:
    input:
        videos=ancient(VIDEO_TABLE),
        annotations=per_video("exports/yolo/{video}"),
    output:
        dataset=f"{RESULTS}/exports/data.yaml",
        provenance=f"{RESULTS}/provenance/yolo_dataset.json",
    params:
        annotations=lambda wildcards: f"{RESULTS}/exports/yolo",
        options=options(format="yolo"),
    log:
        f"{RESULTS}/logs/yolo_dataset.log",
    benchmark:
        f"{RESULTS}/benchmarks/yolo_dataset.tsv"
