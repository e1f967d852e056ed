# How much of the picture each group fills: by frame, then over videos, groups and labels.
rule coverage:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
    output:
        table=f"{RESULTS}/coverage/{{video}}.csv",
        provenance=f"{RESULTS}/provenance/coverage/{{video}}.json",
    params:
        # Colours are part of the option, but no reason to count again.
        groups=lambda wildcards, input: options(groups=PALETTE.to_json()),
        objects=COUNTED,
        options=options(score=cfg("masks", "score"), threshold=cfg("masks", "threshold")),
        corrections=CORRECTED,
        code=code_digest("coverage"),
    log:
        f"{RESULTS}/logs/coverage/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/coverage/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    priority: 1
    shell:
        "python -m objmask coverage --probe={input.probe:q} --detections {input.detections:q} "
        "{params.groups:q} {params.options:q} {params.corrections:q} --out={output.table:q} "
        "--provenance={output.provenance:q} --log={log:q}"


# Thousands of names do not fit on a command line: they come as a table, written when the workflow is read.
rule summary:
    input:
        videos=ancient(VIDEO_TABLE),
        coverage=per_video("coverage/{video}.csv"),
    output:
        tables=[f"{RESULTS}/summary/{name}.csv" for name in SUMMARIES],
        provenance=f"{RESULTS}/provenance/summary.json",
    params:
        coverage=lambda wildcards: f"{RESULTS}/coverage",
        folder=lambda wildcards, output: os.path.dirname(output.tables[0]),
        code=code_digest("summary"),
    log:
        f"{RESULTS}/logs/summary.log",
    benchmark:
        f"{RESULTS}/benchmarks/summary.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    priority: 1
    shell:
        "python -m objmask summary --coverage={params.coverage:q} --videos={input.videos:q} --out={params.folder:q} "
        "--provenance={output.provenance:q} --log={log:q}"
