# Annotations for other tools: by video, and joined to one data set. None of them needs the network.
rule coco:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
    output:
        annotations=f"{RESULTS}/exports/coco/{{video}}.json",
        provenance=f"{RESULTS}/provenance/coco/{{video}}.json",
    params:
        # Colours are part of the option, but no reason to export again.
        groups=lambda wildcards, input: options(groups=PALETTE.to_json()),
        objects=COUNTED,
        options=options(
            format="coco",
            images=IMAGES if IMAGES == "png" else None,
            **SELECTION,
        ),
        corrections=CORRECTED,
        code=code_digest("annotations"),
    log:
        f"{RESULTS}/logs/coco/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/coco/{{video}}.tsv"
    conda:
        "../../envs/exports.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    priority: 1
    shell:
        "python -m objmask annotations --probe={input.probe:q} --detections {input.detections:q} --name={wildcards.video:q} "
        "{params.groups:q} {params.options:q} {params.corrections:q} --out={output.annotations:q} "
        "--provenance={output.provenance:q} --log={log:q}"


use rule coco as yolo with:
    output:
        annotations=directory(f"{RESULTS}/exports/yolo/{{video}}"),
        provenance=f"{RESULTS}/provenance/yolo/{{video}}.json",
    params:
        options=options(
            format="yolo",
            images=IMAGES if IMAGES == "png" else None,
            image_folder=None if IMAGES == "none" else f"{RESULTS}/exports/images",
            **SELECTION,
        ),
    log:
        f"{RESULTS}/logs/yolo/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/yolo/{{video}}.tsv"


# Pictures of labels have the groups' colours: they are a reason to export again.
use rule coco as masks_png with:
    output:
        annotations=directory(f"{RESULTS}/exports/masks_png/{{video}}"),
        provenance=f"{RESULTS}/provenance/masks_png/{{video}}.json",
    params:
        groups=(),
        options=options(
            format="masks_png",
            groups=PALETTE.to_json(),
            **SELECTION,
        ),
    log:
        f"{RESULTS}/logs/masks_png/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks_png/{{video}}.tsv"


use rule masks_png as cvat with:
    output:
        annotations=f"{RESULTS}/exports/cvat/{{video}}.zip",
        provenance=f"{RESULTS}/provenance/cvat/{{video}}.json",
    params:
        options=options(
            format="cvat",
            groups=PALETTE.to_json(),
            **SELECTION,
        ),
    log:
        f"{RESULTS}/logs/cvat/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/cvat/{{video}}.tsv"
