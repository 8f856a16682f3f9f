"""What is asked for: run and source specifications, sweeps and recipes. Never imports torch, nor any other part of l2t
but the registries' torch-free descriptions."""

from l2t.spec.artefact import ArtefactSpec
from l2t.spec.base import Model, content_hash
from l2t.spec.run import ArtefactRef, RunSpec, SourceRef, SourceSpec
from l2t.spec.settings import DataSettings, TrainSettings

__all__ = [
    "ArtefactRef",
    "ArtefactSpec",
    "DataSettings",
    "Model",
    "RunSpec",
    "SourceRef",
    "SourceSpec",
    "TrainSettings",
    "content_hash",
]
