# What a training program wants besides the annotations of each video: the images, and one file for all.
rule annotated_images:
    input:
        probe="<results>/probe/{video}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
    output:
        images=directory("<results>/exports/images/{video}"),
    params:
        video=path_of,
        options=options(kind=cfg("exports", "images"), every=cfg("exports", "every"), on_truncated=cfg("on_truncated")),
        code=code_digest("annotated-images"),
    log:
        "<logs>/annotated_images/{video}.log",
    benchmark:
        "<benchmarks>/annotated_images/{video}.tsv"
    conda:
        "../../envs/exports.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    shell:
        "python -m objmask annotated-images --video={params.video:q} --probe={input.probe:q} "
        "--detections {input.detections:q} {params.options:q} --out={output.images:q} --log={log:q}"


rule coco_dataset:
    input:
        annotations=per_video("exports/coco/{video}.json"),
    output:
        dataset="<results>/exports/annotations.json",
        provenance="<results>/provenance/coco_dataset.json",
    params:
        videos=VIDEO_TABLE,
        annotations=in_results("exports/coco"),
        groups=palette_for,
        objects=COUNTED,
        options=options(format="coco"),
        code=code_digest("dataset"),
    log:
        "<logs>/coco_dataset.log",
    benchmark:
        "<benchmarks>/coco_dataset.tsv"
    conda:
        "../../envs/exports.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask dataset --annotations={params.annotations:q} --videos={params.videos:q} "
        "{params.groups:q} {params.options:q} --out={output.dataset:q} "
        "--provenance={output.provenance:q} --log={log:q}"


use rule coco_dataset as yolo_dataset with:
    input:
        annotations=per_video("exports/yolo/{video}"),
    output:
        dataset="<results>/exports/data.yaml",
        provenance="<results>/provenance/yolo_dataset.json",
    params:
        annotations=in_results("exports/yolo"),
        options=options(format="yolo"),
    log:
        "<logs>/yolo_dataset.log",
    benchmark:
        "<benchmarks>/yolo_dataset.tsv"
