# A model is verified and copied once; its content decides whether again, not its file's time or place.
# With --cache Snakemake shares it between working directories; a rule for which it may do so can have no benchmark.
rule model:
    output:
        folder=directory("<results>/models/{model}"),
    params:
        source=model_given,
        name=lambda wildcards: wildcards.model,
        options=lambda wildcards: options(
            size=PLAN.own_setting(wildcards.model, "size"), tiles=PLAN.own_setting(wildcards.model, "tiles")
        ),
        content=lambda wildcards: INSTALLED[wildcards.model].digest(),
        code=code_digest("model"),
    log:
        "<logs>/model/{model}.log",
    conda:
        "../../envs/networks.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
    cache: "omit-software"
    shell:
        "python -m objmask model --source={params.source:q} --name={params.name:q} {params.options:q} --out={output.folder:q} --log={log:q}"
