"""Reading a published checkpoint into one of our networks: `python -P -m l2t.train.import_source`.

The file is never trusted: only tensors and plain values are unpickled, and the weights must fit one of our
architectures exactly. Prints one JSON line; on bad input one line on standard error, exit code 2.
"""

import argparse
import hashlib
import json
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from l2t.errors import DataError, L2tError
from l2t.models.base import ModelInfo
from l2t.models.build import build
from l2t.models.imagenet.config import TorchvisionInfo
from l2t.models.imagenet.published import rename as rename_torchvision
from l2t.models.registry import models
from l2t.models.resnet.config import ResnetInfo
from l2t.models.resnet.published import rename
from l2t.models.vit.config import VitInfo
from l2t.models.vit.published import rename as rename_vit
from l2t.spec import content_hash
from l2t.store.files import write_json
from l2t.store.folder import JobFolder
from l2t.store.rows import ArtefactRow
from l2t.store.store import Store
from l2t.train import checkpoint
from l2t.train.weights import digest

LEARNT = (".weight", ".bias")
"""How the names of weights end; what networks keep beside them, as batch norm's statistics, is called otherwise."""


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The weights in a checkpoint file, by their published names, and the plain values beside them.

    Raises DataError for a file that is truncated, is none, or holds anything but tensors and plain values.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except pickle.UnpicklingError as error:
        raise DataError(f"{path} is refused: it is no checkpoint of tensors and plain values only") from error
    except Exception as error:  # a damaged file fails in as many ways as there are bytes
        raise DataError(f"{path} is damaged or no checkpoint ({type(error).__name__})") from error
    outer = content if isinstance(content, dict) else {}
    weights = outer.get("state_dict", outer)
    if not isinstance(weights, dict) or not weights or not all(isinstance(v, Tensor) for v in weights.values()):
        raise DataError(f"{path} holds no network: its state_dict is missing or not made of tensors")
    plain = {key: value for key, value in outer.items() if isinstance(key, str) and isinstance(value, int | float)}
    return {str(key): value for key, value in weights.items()}, plain


def fit(path: Path, weights: dict[str, Tensor]) -> tuple[str, int, dict[str, Tensor]]:
    """The model of the registry that the weights are, its number of outputs, and the weights under our names.

    Raises DataError where they fit none, with the first difference from the nearest.
    """
    weights = {key.removeprefix("module."): value for key, value in weights.items()}
    nearest: tuple[int, str, str] | None = None
    for name, info in models.items():
        ours = {_renamed(info, key): value for key, value in weights.items()}
        ours = {key: value for key, value in ours.items() if not key.endswith("num_batches_tracked")}
        found = {key: tuple(value.shape) for key, value in ours.items()}
        bias = found.get("classifier.bias", ())
        outputs = bias[0] if len(bias) == 1 and bias[0] > 1 else 2
        wanted = info.weights(outputs)
        more = [key for key in found if key not in wanted and key.endswith(LEARNT)]
        if wanted.items() <= found.items() and not more:  # what it keeps beside its weights only the network knows
            state = build(info, outputs, torch.Generator()).state_dict()
            wanted = {key: tuple(value.shape) for key, value in state.items()}
            if wanted == found:
                return name, outputs, {key: value.float() for key, value in ours.items()}
        else:
            found = {key: shape for key, shape in found.items() if key in wanted or key.endswith(LEARNT)}
        wrong = [key for key in {**wanted, **found} if wanted.get(key) != found.get(key)]
        difference = f"{wrong[0]} is {found.get(wrong[0], 'missing')}, not {wanted.get(wrong[0], 'there')}"
        nearest = min(nearest or (len(wrong) + 1, "", ""), (len(wrong), name, difference))
    assert nearest is not None
    raise DataError(f"{path} fits no architecture of l2t models; nearest is {nearest[1]}, where {nearest[2]}")


def _renamed(info: ModelInfo, key: str) -> str:
    """The name in our network of a weight of a published one."""
    if isinstance(info, ResnetInfo):
        return rename(key, info.blocks)
    if isinstance(info, TorchvisionInfo):
        return rename_torchvision(key)
    return rename_vit(key) if isinstance(info, VitInfo) else key


def import_source(path: Path, name: str, home: Path) -> str:
    """Store the network of a checkpoint file as an artefact called `name`; returns its hash.

    The hash is of architecture and weights: importing twice stores once.
    """
    weights, plain = read(path)
    model, outputs, ours = fit(path, weights)
    if not all(value.isfinite().all() for value in ours.values()):
        raise DataError(f"{path} is refused: it holds weights that are not finite")
    bits = digest(ours)
    hash = content_hash({"kind": "import", "model": model, "outputs": outputs, "weights": bits})
    accuracy = plain.get("test_prec")
    with Store.open(home) as store:
        folder = JobFolder.of(home, "source", hash)
        folder.make()
        checkpoint.save(folder.weights, ours)
        write_json(
            folder.result,
            {
                "kind": "source",
                "name": name,
                "model": model,
                "outputs": outputs,
                "origin": path.name,
                "file": hashlib.sha256(path.read_bytes()).hexdigest(),
                "recorded": plain,
                "accuracy": accuracy,
                "parameters": models.get(model).parameters(outputs),
                "weights": bits,
            },
        )
        store.add_artefact(
            ArtefactRow(
                hash=hash,
                kind="source",
                name=name,
                model=model,
                dataset="",
                outputs=outputs,
                origin=path.name,
                accuracy=accuracy,
                seconds=None,
                created=time.time(),
            )
        )
    return hash


def main() -> int:
    """Entry point. Exit code 2 with one line for anything that cannot be read or stored."""
    parser = argparse.ArgumentParser(prog="l2t.train.import_source", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="the home folder")
    parser.add_argument("--name", required=True, help="name to ask for it with")
    parser.add_argument("file", type=Path, help="the checkpoint file")
    options = parser.parse_args()
    try:
        hash = import_source(options.file, options.name, options.home)
    except L2tError as error:
        print(f"l2t: {error}", file=sys.stderr)
        return 2
    print(json.dumps({"hash": hash, "name": options.name}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
