# Annotations for other tools: by video, and joined to one data set. None of them needs the network.
EXPORTED_IMAGES = cfg("exports", "images")
SELECTION = {"every": cfg("exports", "every")}


rule coco:
    input:
        probe="<results>/probe/{video}.json",
        painted="<results>/painted/{video}.parquet",
        frames="<results>/painted/{video}.frames.parquet",
    output:
        annotations="<results>/exports/coco/{video}.json",
        provenance="<results>/provenance/coco/{video}.json",
    params:
        # Colours are part of the option, but no reason to export again.
        groups=palette_for,
        objects=COUNTED,
        options=options(
            format="coco",
            images="png" if EXPORTED_IMAGES == "png" else None,
            **SELECTION,
        ),
        code=code_digest("annotations"),
    log:
        "<logs>/coco/{video}.log",
    benchmark:
        "<benchmarks>/coco/{video}.tsv"
    conda:
        "../../envs/exports.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    priority: 1
    shell:
        "python -m objmask annotations --probe={input.probe:q} --painted={input.painted:q} --name={wildcards.video:q} "
        "{params.groups:q} {params.options:q} --out={output.annotations:q} "
        "--provenance={output.provenance:q} --log={log:q}"


use rule coco as yolo with:
    output:
        annotations=directory("<results>/exports/yolo/{video}"),
        provenance="<results>/provenance/yolo/{video}.json",
    params:
        options=options(
            format="yolo",
            images="png" if EXPORTED_IMAGES == "png" else None,
            image_folder=None if EXPORTED_IMAGES == "none" else f"{RESULTS}/exports/images",
            **SELECTION,
        ),
    log:
        "<logs>/yolo/{video}.log",
    benchmark:
        "<benchmarks>/yolo/{video}.tsv"


# Pictures of labels have the groups' colours: they are a reason to export again.
use rule coco as masks_png with:
    output:
        annotations=directory("<results>/exports/masks_png/{video}"),
        provenance="<results>/provenance/masks_png/{video}.json",
    params:
        groups=(),
        options=options(
            format="masks_png",
            groups=PALETTE.to_json(),
            **SELECTION,
        ),
    log:
        "<logs>/masks_png/{video}.log",
    benchmark:
        "<benchmarks>/masks_png/{video}.tsv"


use rule masks_png as cvat with:
    output:
        annotations="<results>/exports/cvat/{video}.zip",
        provenance="<results>/provenance/cvat/{video}.json",
    params:
        options=options(
            format="cvat",
            groups=PALETTE.to_json(),
            **SELECTION,
        ),
    log:
        "<logs>/cvat/{video}.log",
    benchmark:
        "<benchmarks>/cvat/{video}.tsv"
