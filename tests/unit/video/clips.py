"""Small videos for tests, written with PyAV alone so that nothing under test makes its own input."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

STEP = 1001
TIME_BASE = Fraction(1, 30000)
REGULAR = tuple(range(0, 20 * STEP, STEP))
VARIABLE = (0, 600, 1200, 4000, 4001, 9000, 9500, 30000, 31000, 31500)
SECRETS = ("SecretTitle", "+48.1371+011.5754/", "SecretCamera", "SecretChapter", "SecretSound", "SecretComment")


def picture(i: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """RGB (height, width, 3) that differs from frame to frame and from corner to corner."""
    y, x = np.mgrid[:height, :width]
    planes = (x * 3 + 11 * i, y * 5 + 7 * i, (x + y) * 2 + 40)
    return np.stack(planes, -1).astype(np.uint8) // 2 + 40


def make(
    path: Path,
    *,
    size: tuple[int, int] = (64, 48),
    pts: Sequence[int] = REGULAR,
    time_base: Fraction = TIME_BASE,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    aspect: Fraction = Fraction(1),
    color_range: int = 1,
    colorspace: int = 2,
    rotation: float = 0,
    hflip: bool = False,
    audio: str | None = None,
    sound_rate: int = 8000,
    extra_sound_s: float = 0,
    sound_from_s: float = 0,
    secrets: bool = False,
    cover: bool = False,
    videos: int = 1,
) -> Path:
    """Writes a video of `picture`s; `size` is width, height; `rotation` counter-clockwise, as in FFmpeg."""
    timescale = {"video_track_timescale": str(time_base.denominator), "movie_timescale": str(time_base.denominator)}
    if path.suffix not in (".mp4", ".mov"):
        timescale = {}
    if secrets:
        timescale["movflags"] = "use_metadata_tags"
    ends = [*pts[1:], pts[-1] + (pts[-1] - pts[-2] if len(pts) > 1 else STEP)]
    with av.open(str(path), "w", container_options={**timescale, **(container_options or {})}) as out:
        streams = []
        for i in range(videos):
            stream = out.add_stream(codec, 30, options={"g": "8", **(options or {})})
            stream.width, stream.height = (side // (i + 1) for side in size)
            stream.pix_fmt = pix_fmt
            stream.time_base = stream.codec_context.time_base = time_base
            stream.codec_context.sample_aspect_ratio = aspect
            stream.codec_context.color_range, stream.codec_context.colorspace = color_range, colorspace
            stream.codec_context.flags |= 256
            stream.codec_context.thread_count = 1
            if rotation or hflip:
                stream.set_display_rotation(rotation, hflip=hflip)
            streams.append(stream)
        sound = out.add_stream(audio, sound_rate) if audio else None
        if sound is not None:
            sound.codec_context.layout = "mono"
        image = _add_cover(out) if cover else None
        if secrets:
            _plant(out, streams, sound)
        for i, time in enumerate(pts):
            for stream in streams:
                frame = av.VideoFrame.from_ndarray(picture(i, stream.width, stream.height), "rgb24")
                frame = frame.reformat(format=pix_fmt, dst_color_range=color_range)
                frame.pts, frame.time_base = time, time_base
                frame.duration = ends[i] - time
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
        if sound is not None:
            _write_sound(out, sound, float(ends[-1] * time_base) + extra_sound_s, sound_from_s)
        if image is not None:
            still = av.VideoFrame.from_ndarray(picture(0, 32, 32), "rgb24")
            out.mux(image.encode(still.reformat(format="yuvj444p")) + image.encode(None))
    return path


def _add_cover(out):
    image = out.add_stream("mjpeg", 1)
    image.width = image.height = 32
    image.pix_fmt = "yuvj444p"
    image.disposition = av.stream.Disposition.attached_pic
    return image


def _plant(out, videos, sound):
    out.metadata.update(title=SECRETS[0], location=SECRETS[1], comment=SECRETS[5])
    out.metadata["com.apple.quicktime.location.ISO6709"] = SECRETS[1]
    out.metadata["com.apple.quicktime.model"] = SECRETS[2]
    for video in videos:
        video.metadata.update(handler_name=SECRETS[2], timecode="01:02:03:04")
    out.set_chapters([{"id": 1, "start": 0, "end": 9, "time_base": Fraction(1, 30), "metadata": {"title": SECRETS[3]}}])
    if sound is not None:
        sound.metadata.update(handler_name=SECRETS[4], title=SECRETS[4])


def _write_sound(out, sound, end_s, start_s=0.0):
    rate = sound.codec_context.sample_rate
    tone = (np.sin(np.arange(int(rate * (end_s - start_s))) / 7) * 8000).astype(np.int16)[None]
    frame = av.AudioFrame.from_ndarray(tone, "s16", "mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, round(rate * start_s), Fraction(1, rate)
    resampler = av.AudioResampler(sound.codec_context.format.name, "mono", rate, sound.codec_context.frame_size or None)
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        out.mux(sound.encode(piece))
    out.mux(sound.encode(None))


def decoded(path: Path, stream: int = 0) -> list[tuple[int | None, int, list[npt.NDArray[np.uint8]]]]:
    """(pts, duration, planes cropped to their width) of every picture, by plain decoding from the start."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[stream]):
            planes = [np.frombuffer(p, np.uint8).reshape(p.height, -1)[:, : p.width].copy() for p in frame.planes]
            found.append((frame.pts, frame.duration, planes))
    return found


def write_frames(
    path: Path,
    frames: Sequence[av.VideoFrame],
    *,
    codec: str = "ffv1",
    tags: object = None,
    flags: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """Writes frames as they are, 40 ms each; `tags` has range, matrix, primaries, transfer as `ColorTags` has."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, 25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, frames[0].format.name
        context = stream.codec_context
        context.thread_count = 1
        context.flags |= flags
        if tags is not None:
            context.color_range, context.colorspace = {"tv": 1, "pc": 2}[tags.range], tags.matrix
            context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        for i, frame in enumerate(frames):
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
