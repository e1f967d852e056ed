# Training clips of each video, and what spans videos: which are to train and to test with, and other formats.
CLIPS_SHOW = cfg("clips", "of")
CLIP_SIZE = cfg("clips", "size") if isinstance(cfg("clips", "size"), list) else [cfg("clips", "size")] * 2
# What does not decide what clips show is no reason to make them again.
CLIPS_ARE = {
    "masks": {
        "groups": PALETTE.to_json(),
    },
    "picture": {"on_truncated": cfg("on_truncated")},
    "protected": {},
}


rule clips:
    input:
        probe="<results>/probe/{video}.json",
        painted="<results>/painted/{video}.parquet" if CLIPS_SHOW == "masks" else [],
        frames="<results>/painted/{video}.frames.parquet" if CLIPS_SHOW == "masks" else tables_for("masks")[0],
        protected=["<protected>/{video}.mp4"] if CLIPS_SHOW == "protected" else [],
    output:
        clips="<results>/clips/npz/{video}.npz",
        provenance="<results>/provenance/clips/{video}.json",
    params:
        source=clip_source,
        names=clip_names,
        options=options(
            of=CLIPS_SHOW,
            width=CLIP_SIZE[0],
            height=CLIP_SIZE[1],
            **CLIPS_ARE[CLIPS_SHOW],
            **{
                key: cfg("clips", key)
                for key in (
                    "frames",
                    "resize",
                    "sampling",
                    "per_video",
                    "seed",
                    "rate",
                    "step_min",
                    "step_max",
                    "short",
                )
            },
            flip_when_fps_over=cfg("clips", "flip_when_fps_over"),
            names=cfg("clips", "names"),
        ),
        code=code_digest("clips"),
    log:
        "<logs>/clips/{video}.log",
    benchmark:
        "<benchmarks>/clips/{video}.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    priority: 1
    shell:
        "python -m objmask clips --probe={input.probe:q} --frames-table={input.frames:q} {params.source:q} "
        "{params.names:q} {params.options:q} "
        "--out={output.clips:q} --provenance={output.provenance:q} --log={log:q}"


rule clip_splits:
    output:
        folder=directory("<results>/clips/splits"),
        provenance="<results>/provenance/clip_splits.json",
    params:
        videos=VIDEO_TABLE,
        options=options(
            names=cfg("clips", "names"),
            test_share=cfg("clips", "split")["test_share"],
            test_subjects=json.dumps(cfg("clips", "split")["test_subjects"]),
            leave_one_subject_out=cfg("clips", "split")["leave_one_subject_out"],
            seed=cfg("clips", "seed"),
        ),
        code=code_digest("clip_splits"),
    log:
        "<logs>/clip_splits.log",
    benchmark:
        "<benchmarks>/clip_splits.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    priority: 1
    shell:
        "python -m objmask clip-splits --videos={params.videos:q} {params.options:q} --out={output.folder:q} "
        "--provenance={output.provenance:q} --log={log:q}"


rule clip_images:
    input:
        clips=per_video("clips/npz/{video}.npz"),
    output:
        folder=directory("<results>/clips/png"),
        provenance="<results>/provenance/clip_images.json",
    params:
        videos=VIDEO_TABLE,
        clips=in_results("clips/npz"),
        code=code_digest("clip_images"),
    log:
        "<logs>/clip_images.log",
    benchmark:
        "<benchmarks>/clip_images.tsv"
    conda:
        "../../envs/video.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(120),
    priority: 1
    shell:
        "python -m objmask clip-images --clips={params.clips:q} --videos={params.videos:q} --out={output.folder:q} "
        "--provenance={output.provenance:q} --log={log:q}"


# The only one of these rules that needs TensorFlow, which defines the format.
rule clip_records:
    input:
        splits="<results>/clips/splits",
        clips=per_video("clips/npz/{video}.npz"),
    output:
        folder=directory("<results>/clips/tfrecord"),
        provenance="<results>/provenance/clip_records.json",
    params:
        clips=in_results("clips/npz"),
        code=code_digest("clip_records"),
    log:
        "<logs>/clip_records.log",
    benchmark:
        "<benchmarks>/clip_records.tsv"
    conda:
        "../../envs/networks.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    priority: 1
    shell:
        "python -m objmask clip-records --clips={params.clips:q} --splits={input.splits:q} --out={output.folder:q} "
        "--provenance={output.provenance:q} --log={log:q}"
