# What training clips are made of.
from objmask.clips.splits import divide

CLIPS_SHOW = CFG["clips"]["of"]
CLIP_SIZE = CFG["clips"]["size"] if isinstance(CFG["clips"]["size"], list) else [CFG["clips"]["size"]] * 2
CLIP_OPTIONS = options(
    of=CLIPS_SHOW,
    # What does not decide what clips show is no reason to make them again.
    groups=PALETTE.to_json() if CLIPS_SHOW == "masks" else None,
    score=cfg("masks", "score") if CLIPS_SHOW == "masks" else None,
    threshold=cfg("masks", "threshold") if CLIPS_SHOW == "masks" else None,
    on_truncated=cfg("on_truncated") if CLIPS_SHOW == "picture" else None,
    frames=cfg("clips", "frames"),
    width=CLIP_SIZE[0],
    height=CLIP_SIZE[1],
    resize=cfg("clips", "resize"),
    sampling=cfg("clips", "sampling"),
    per_video=cfg("clips", "per_video"),
    seed=cfg("clips", "seed"),
    rate=cfg("clips", "rate"),
    step_min=cfg("clips", "step_min"),
    step_max=cfg("clips", "step_max"),
    short=cfg("clips", "short"),
    flip_when_fps_over=cfg("clips", "flip_when_fps_over"),
    names=cfg("clips", "names"),
)


def clip_options(wildcards):
    video = VIDEO_BY_NAME[wildcards.video]
    return CLIP_OPTIONS + options(name=video.name, label=video.label, subject=video.subject)


def clip_source(wildcards, input):
    """The file that the pictures come from; masks come from detections."""
    if CLIPS_SHOW == "masks":
        return ()
    return options(video=path_of(wildcards, input) if CLIPS_SHOW == "picture" else input.protected[0])


def refuse_split():
    """Whether the videos can be divided as asked is known before any of them is worked on."""
    split = CFG["clips"]["split"]
    try:
        divide(
            [(video.name, video.label, video.subject) for video in USED],
            names=CFG["clips"]["names"],
            share=split["test_share"],
            seed=CFG["clips"]["seed"],
            subjects=split["test_subjects"],
            leave_one_subject_out=split["leave_one_subject_out"],
        )
    except ObjmaskError as error:
        raise InputError(error) from None


# In a further pass the job says it, and what else there is to make is made.
if "clips" in CFG["outputs"] and not is_further_pass():
    refuse_split()
FILES["clips"] = per_video("clips/npz/{video}.npz") + [
    f"{RESULTS}/clips/{name}" for name in ("splits", *CFG["clips"]["formats"]) if name != "npz"
]
