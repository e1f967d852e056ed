# The models, and what is hidden and painted, beside annotated frames of the videos; without inference.
# The truth is no input: its content counts, not its time or place.
rule evaluation:
    input:
        videos=ancient(ANNOTATED_TABLE),
        corrections=[ancient(path) for path in ANNOTATED_CORRECTED],
        probes=[f"{RESULTS}/probe/{v.name}.json" for v in ANNOTATED],
        detections=[
            f"{RESULTS}/{folder}/{model}/{v.name}{suffix}"
            for folder in ("detections", *(["tracks"] if cfg("tracks", "enabled") else []))
            for model in MODELS
            for v in ANNOTATED
            for suffix in (".parquet", ".frames.parquet")
        ],
    output:
        files=[f"{RESULTS}/evaluation/{name}" for name in EVALUATION],
        provenance=f"{RESULTS}/provenance/evaluation.json",
    params:
        annotations=lambda wildcards, input: plain(CFG["evaluation"]["annotations"] or ""),
        results=lambda wildcards: RESULTS,
        names=options(name=list(MODELS)),
        # Colours are part of the option, but no reason to count again.
        groups=lambda wildcards, input: options(groups=PALETTE.to_json()),
        objects=COUNTED,
        options=options(
            content=ANNOTATIONS_DIGEST,
            scores=json.dumps(cfg("evaluation", "scores")),
            threshold=cfg("masks", "threshold"),
            privacy_threshold=cfg("privacy", "threshold"),
            objects=SENSITIVE,
            shape=cfg("privacy", "shape"),
            grow=cfg("privacy", "grow"),
            hold=cfg("privacy", "hold"),
            zones=json.dumps(cfg("privacy", "zones")),
            whole_frame_when=cfg("privacy", "whole_frame_when"),
            mark_masks=cfg("masks", "score"),
            mark_privacy=cfg("privacy", "score"),
            hidden_by=json.dumps(objmask_config.model_names(CFG, MODELS, "privacy")),
            painted_by=json.dumps(objmask_config.model_names(CFG, MODELS, "masks")),
            tracks=cfg("tracks", "enabled"),
        ),
        folder=lambda wildcards, output: os.path.dirname(output.files[0]),
        corrections=corrections_file,
        code=code_digest("evaluate-videos"),
    log:
        f"{RESULTS}/logs/evaluation.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluation.tsv"
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    priority: 1
    shell:
        "python -m objmask evaluate-videos --annotations={params.annotations:q} --videos={input.videos:q} "
        "--results={params.results:q} {params.names:q} {params.groups:q} {params.options:q} "
        "{params.corrections:q} --out={params.folder:q} --provenance={output.provenance:q} --log={log:q}"
