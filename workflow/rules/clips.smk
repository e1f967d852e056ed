# Training clips of each video, and what spans videos: which are to train and to test with, and other formats.
rule clips:
    input:
        probe=f"{RESULTS}/probe/{{video}}.json",
        detections=detections_for("masks"),
        tables=tables_for("masks"),
        protected=[f"{RESULTS}/{PROTECTED}/{{video}}.mp4"] if CLIPS_SHOW == "protected" else [],
    output:
        clips=f"{RESULTS}/clips/npz/{{video}}.npz",
        provenance=f"{RESULTS}/provenance/clips/{{video}}.json",
    params:
        source=clip_source,
        options=clip_options,
        corrections=CORRECTED if CLIPS_SHOW == "masks" else (),
        code=code_digest("clips"),
    log:
        f"{RESULTS}/logs/clips/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/clips/{{video}}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    priority: 1
    shell:
        "python -m objmask clips --probe={input.probe:q} --detections {input.detections:q} {params.source:q} "
        "{params.options:q} {params.corrections:q} --out={output.clips:q} --provenance={output.provenance:q} --log={log:q}"


rule clip_splits:
    input:
        videos=ancient(VIDEO_TABLE),
    output:
        folder=directory(f"{RESULTS}/clips/splits"),
        provenance=f"{RESULTS}/provenance/clip_splits.json",
    params:
        options=options(
            names=cfg("clips", "names"),
            test_share=cfg("clips", "split")["test_share"],
            test_subjects=json.dumps(cfg("clips", "split")["test_subjects"]),
            leave_one_subject_out=cfg("clips", "split")["leave_one_subject_out"],
            seed=cfg("clips", "seed"),
        ),
        code=code_digest("clip_splits"),
    log:
        f"{RESULTS}/logs/clip_splits.log",
    benchmark:
        f"{RESULTS}/benchmarks/clip_splits.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    priority: 1
    shell:
        "python -m objmask clip-splits --videos={input.videos:q} {params.options:q} --out={output.folder:q} "
        "--provenance={output.provenance:q} --log={log:q}"


rule clip_images:
    input:
        videos=ancient(VIDEO_TABLE),
        clips=per_video("clips/npz/{video}.npz"),
    output:
        folder=directory(f"{RESULTS}/clips/png"),
        provenance=f"{RESULTS}/provenance/clip_images.json",
    params:
        clips=lambda wildcards: f"{RESULTS}/clips/npz",
        code=code_digest("clip_images"),
    log:
        f"{RESULTS}/logs/clip_images.log",
    benchmark:
        f"{RESULTS}/benchmarks/clip_images.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=120,
    priority: 1
    shell:
        "python -m objmask clip-images --clips={params.clips:q} --videos={input.videos:q} --out={output.folder:q} "
        "--provenance={output.provenance:q} --log={log:q}"


# The only one of these rules that needs TensorFlow, which defines the format.
rule clip_records:
    input:
        splits=f"{RESULTS}/clips/splits",
        clips=per_video("clips/npz/{video}.npz"),
    output:
        folder=directory(f"{RESULTS}/clips/tfrecord"),
        provenance=f"{RESULTS}/provenance/clip_records.json",
    params:
        clips=lambda wildcards: f"{RESULTS}/clips/npz",
        code=code_digest("clip_records"),
    log:
        f"{RESULTS}/logs/clip_records.log",
    benchmark:
        f"{RESULTS}/benchmarks/clip_records.tsv"
    conda:
        "../../envs/tensorflow.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    priority: 1
    shell:
        "python -m objmask clip-records --clips={params.clips:q} --splits={input.splits:q} --out={output.folder:q} "
        "--provenance={output.provenance:q} --log={log:q}"
