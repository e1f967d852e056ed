# A model is verified and copied once; its checksum, not its file's time, decides whether that happens again.
rule model:
    input:
        source=lambda wildcards: as_input(model_source(wildcards.model)),
    output:
        folder=directory(f"{RESULTS}/models/{{model}}"),
    params:
        source=lambda wildcards: plain(model_source(wildcards.model)),
        name=lambda wildcards: wildcards.model,
        content=lambda wildcards: MODELS[wildcards.model].digest(),
        code=code_digest("model"),
    log:
        f"{RESULTS}/logs/model/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/model/{{model}}.tsv"
    conda:
        "../../envs/tensorflow.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    shell:
        "python -m objmask model --source={params.source:q} --name={params.name:q} --out={output.folder:q} --log={log:q}"
