"""Reading and writing video without losing a frame, a time or a colour."""

from objmask.video.info import BT709_TV, ColorTags, VideoInfo
from objmask.video.planes import Planes
from objmask.video.probe import count_packets, probe
from objmask.video.reader import Frame, read_frames
from objmask.video.writer import VideoWriter

__all__ = [
    "BT709_TV",
    "ColorTags",
    "Frame",
    "Planes",
    "VideoInfo",
    "VideoWriter",
    "count_packets",
    "probe",
    "read_frames",
]
