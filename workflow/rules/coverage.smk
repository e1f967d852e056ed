# How much of the picture each group fills: by frame, then over videos, groups and labels.
rule coverage:
    input:
        probe="<results>/probe/{video}.json",
        painted="<results>/painted/{video}.parquet",
        frames="<results>/painted/{video}.frames.parquet",
    output:
        table="<results>/coverage/{video}.csv",
        provenance="<results>/provenance/coverage/{video}.json",
    params:
        # Colours are part of the option, but no reason to count again.
        groups=palette_for,
        objects=COUNTED,
        code=code_digest("coverage"),
    log:
        "<logs>/coverage/{video}.log",
    benchmark:
        "<benchmarks>/coverage/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    priority: 1
    shell:
        "python -m objmask coverage --probe={input.probe:q} --painted={input.painted:q} "
        "{params.groups:q} --out={output.table:q} "
        "--provenance={output.provenance:q} --log={log:q}"


# Thousands of names do not fit on a command line: they come as a table, written when the run starts.
rule summary:
    input:
        coverage=per_video("coverage/{video}.csv"),
    output:
        tables=expand("<results>/summary/{name}.csv", name=SUMMARIES),
        provenance="<results>/provenance/summary.json",
    params:
        videos=VIDEO_TABLE,
        coverage=in_results("coverage"),
        folder=in_results("summary"),
        code=code_digest("summary"),
    log:
        "<logs>/summary.log",
    benchmark:
        "<benchmarks>/summary.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    priority: 1
    shell:
        "python -m objmask summary --coverage={params.coverage:q} --videos={params.videos:q} --out={params.folder:q} "
        "--provenance={output.provenance:q} --log={log:q}"
