"""What a run is about: the configuration, the models and the videos, and what follows from them for its jobs."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from objmask.config import config as objmask_config
from objmask.config.audit import reads, searching_models
from objmask.config.hiding import as_option
from objmask.config.models import ChosenModel, chosen_models, counting_of, model_names
from objmask.corrections.read import Entries, without_allowed
from objmask.detections.classes import Palette
from objmask.detections.counting import ALL_COUNT, Counting
from objmask.files.csv_tables import Writer
from objmask.inputs.chunks import chunks
from objmask.inputs.index import InputVideo
from objmask.inputs.unusable import Unusable, why_excluded
from objmask.inputs.video_table import FAILED
from objmask.models.families import family_of
from objmask.models.info import ModelInfo
from objmask.models.source import ModelSource
from objmask.running.further_pass import LeftOut

RESULTS = "results"
"""Folder of results, below the working folder; Snakemake's pathvar `<results>` says the same."""
_FEW_THREADS, _MOST_THREADS = 2, 16


@dataclass(frozen=True)
class Plan:
    """What a run is about.

    Attributes:
        config: complete.
        models: what detects, by name.
        searching: what searches protected video again, by name; empty without an audit.
        videos: all that were found, sorted by name.
        notes: what to know of the models and the configuration, a line each.
        noted: videos that earlier runs found unusable, by name.
        left_out: what earlier passes of this run found.
        rotations: degrees clockwise by which the videos that `rotate` turns are turned, by name.
        corrections: what is put right by hand, by video.
        annotations: digest of what models are judged by; empty without an evaluation.
        annotated: names of the videos that it is about.
    """

    config: Mapping[str, Any]
    models: Mapping[str, ModelInfo]
    searching: Mapping[str, ModelInfo]
    videos: Sequence[InputVideo]
    notes: Sequence[str] = ()
    noted: Mapping[str, Unusable] = field(default_factory=dict)
    left_out: LeftOut = field(default_factory=LeftOut)
    rotations: Mapping[str, int] = field(default_factory=dict)
    corrections: Mapping[str, Entries] = field(default_factory=dict)
    annotations: str = ""
    annotated: frozenset[str] = frozenset()

    @cached_property
    def installed(self) -> dict[str, ModelInfo]:
        """Models that are copied to the results; what searches protected video may be used for nothing else."""
        return {**self.models, **self.searching}

    @cached_property
    def by_name(self) -> dict[str, InputVideo]:
        """All videos that were found."""
        return {video.name: video for video in self.videos}

    @cached_property
    def why_excluded(self) -> dict[str, str]:
        """Why each excluded video is left out."""
        return why_excluded(self.videos, self.noted, self.left_out.excluded, dict(self.config))

    @cached_property
    def excluded(self) -> list[InputVideo]:
        """Unusable videos that are left out by wish."""
        return [video for video in self.videos if video.name in self.why_excluded]

    @cached_property
    def used(self) -> list[InputVideo]:
        """Videos that results are made of."""
        return [video for video in self.videos if video.name not in {*self.why_excluded, *self.left_out.names}]

    @cached_property
    def palette(self) -> Palette:
        """Groups of objects, and their colours."""
        return objmask_config.palette_of(dict(self.config))

    @cached_property
    def hiding(self) -> str:
        """What is hidden, as JSON. A palette edit that hides the same objects leaves protected video alone."""
        return as_option(objmask_config.hiding_of(dict(self.config), self._counting))

    @cached_property
    def searched(self) -> str:
        """What is hidden, for what searches again: it knows from which scores on each model's finds count."""
        own = {name: Counting(score=one.own.get("score")) for name, one in self._chosen.items()}
        hiding = objmask_config.hiding_of(dict(self.config), {**own, **self._counting})
        return as_option(hiding)

    @property
    def counting(self) -> str | None:
        """Which detections of the models that are painted count, as JSON; None: all alike."""
        own = {name: self._counting[name] for name in self.used_by("masks") if self._counting[name] != ALL_COUNT}
        said = {
            name: {"score": one.score, "objects": None if one.objects is None else sorted(one.objects)}
            for name, one in own.items()
        }
        return json.dumps(said) if said else None

    @cached_property
    def _counting(self) -> dict[str, Counting]:
        return counting_of(self.config, self.models)

    @cached_property
    def look(self) -> str:
        """How hidden areas look, as JSON; an option of its own, since less depends on it."""
        return as_option(objmask_config.look_of(dict(self.config)))

    @property
    def audited(self) -> bool:
        """Whether protected video is searched again before it is let through."""
        return "audit" in self.config["outputs"]

    @cached_property
    def reads(self) -> bool:
        """Whether words are read in protected video."""
        return reads(self.config, self.models)

    @property
    def protected(self) -> str:
        """Folder of protected video as `protect` makes it.

        Audited video comes to `protected/` by another rule when the audit is over, so it is never there before. What is
        made of its pictures (video summaries, clips) takes it from where it was: those are not for giving away.
        """
        return "unaudited" if self.audited else "protected"

    @property
    def hides(self) -> bool:
        """Whether protected video is made for its own sake, and the report says what is hidden in it."""
        return bool({"protected", "audit"} & {*self.config["outputs"]})

    def setting(self, section: str, key: str | None = None) -> Any:
        """One value of the configuration, so that a rule depends on nothing else of it."""
        return self.config[section] if key is None else self.config[section][key]

    @property
    def window(self) -> dict[str, Any]:
        """Options of verbs that read a video: which part of it, and what to do when it breaks off."""
        return {**self.config["window"], "on_truncated": self.config["on_truncated"]}

    def path(self, video: str) -> str:
        """Where a video lies."""
        return plain(self.by_name[video].path)

    def model_source(self, name: str) -> ModelSource:
        """A model as configured: a name that objmask knows, or a file or folder."""
        return ModelSource.of(self._chosen[name].given)

    def model_given(self, name: str) -> str:
        """A model as the verb `model` takes it."""
        source = self.model_source(name)
        return source.given if source.entry else plain(source.given)

    def own_setting(self, model: str, key: str) -> Any:
        """A setting of one model, such as `size`; None: it has none of its own."""
        return self._chosen[model].own.get(key)

    @cached_property
    def _chosen(self) -> dict[str, ChosenModel]:
        """All models as configured, by name."""
        detecting = dict(zip(self.models, chosen_models(self.config), strict=True))
        return {**searching_models(self.config, self.models), **detecting}

    def every(self, model: str) -> int | str:
        """The frames that a model looks at."""
        own = self.own_setting(model, "every")
        every: int | str = self.config["detect"]["every"] if own is None else own
        return every

    def chunks(self, video: str, model: str) -> list[str]:
        """Names of the parts of a video that go through a network: minutes of work each, on the usual device."""
        frames = self.config["detect"]["chunk_frames"]
        usual = family_of(self.installed[model]).chunk_frames
        return chunks(self.by_name[video].packets, usual if frames is None else frames)

    def inference_mem_mb(self) -> int:
        """Memory of a job that uses a network. One for all: a function of the model would be called for each job."""
        return max(family_of(model).memory_mb for model in self.installed.values())

    def inference_threads(self, cores: int | None) -> int:
        """CPU threads of a job that uses a network: few for each when there are many to do side by side.

        Args:
            cores: of this machine, for this run; None: jobs run elsewhere.

        Where the results of a family depend on their number, it is fixed, as it is for a cluster's jobs.
        """
        fixed = [family_of(model).fixed_threads for model in self.installed.values()]
        jobs = sum(
            len(self.chunks(video.name, name)) for video in self.used for name in (*self.models, *self.searching)
        )
        if not cores or not jobs or any(fixed):
            return max((threads for threads in fixed if threads), default=_FEW_THREADS)
        # At least two rounds of jobs, so that the last ones do not leave cores idle for long; reading feeds no more.
        return min(math.ceil(2 * cores / jobs), cores, os.cpu_count() or 1, _MOST_THREADS)

    def used_by(self, section: str) -> list[str]:
        """Names of the models whose detections `masks` or `privacy` uses."""
        return model_names(self.config, self.models, section)

    def detections(self, section: str, suffix: str = ".parquet") -> list[str]:
        """Patterns of what `masks` or `privacy` starts from; a function would be called for each job.

        Args:
            section: of the configuration.
            suffix: of the files; `.frames.parquet` are the frames tables beside them.
        """
        folder = "tracks" if self.config["tracks"]["enabled"] else "detections"
        return [f"{RESULTS}/{folder}/{name}/{{video}}{suffix}" for name in self.used_by(section)]

    def per_video(self, *patterns: str, videos: Iterable[InputVideo] | None = None) -> list[str]:
        """Files of every video that is used, or of some.

        Args:
            patterns: paths below the results, with `{video}`.
            videos: None: all that are used.
        """
        videos = self.used if videos is None else list(videos)
        return [f"{RESULTS}/{pattern.format(video=video.name)}" for pattern in patterns for video in videos]

    def video_table(self, videos: Iterable[InputVideo], *, labels: bool = True) -> str:
        """A table of videos for the verbs that join them: name, label, subject, why excluded; thousands fit.

        Args:
            videos: its rows.
            labels: False: label and subject stay empty, for a verb that they decide nothing for.
        """
        why = {**{name: FAILED + reason for name, reason in self.left_out.failed.items()}, **self.why_excluded}
        rows = [(v.name, *((v.label, v.subject) if labels else ("", "")), why.get(v.name, "")) for v in videos]
        table = io.StringIO()
        Writer(table, "\t").rows([("name", "label", "subject", "excluded"), *rows])
        return table.getvalue()

    @cached_property
    def judged(self) -> list[InputVideo]:
        """The videos that models are judged by."""
        return [video for video in self.used if video.name in self.annotated]

    @cached_property
    def judged_corrections(self) -> str:
        """What is put right in annotated videos, as JSON by video; empty: nothing."""
        found = {v.name: entries for v in self.judged if (entries := without_allowed(self.corrections.get(v.name, [])))}
        return json.dumps(found, sort_keys=True) if found else ""


def plain(path: str | Path) -> str:
    """A path that FFmpeg does not take for an address (`a:b.mp4`)."""
    return str(path) if os.path.isabs(path) else f"./{path}"
