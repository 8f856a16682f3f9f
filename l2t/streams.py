"""The named streams of randomness of one seed: independent CPU generators from a hash of seed, name and keys."""

import hashlib
import json

import torch

NAMES = ("subset", "target", "adapters", "what", "where", "which", "order", "augment", "policy", "aux", "phase")
"""What a stream may be called: the uses of METHODS.md, "Randomness"."""


class Streams:
    """All streams of one seed. Nothing is shared between two of them, so the order of use never matters.

    seed: the run's seed, ≥ 0. salt: "" for `pairing=shared` (methods at one seed draw the same), the method's name for
    `pairing=independent`.
    """

    def __init__(self, seed: int, salt: str = "") -> None:
        self.seed = seed
        self.salt = salt

    def generator(self, name: str, *keys: str | int) -> torch.Generator:
        """A fresh CPU generator for one use, the same for the same arguments: `generator("augment", epoch)`.

        The seed is 64 bits of SHA-256 (of which torch's Mersenne twister takes 32).
        Raises ValueError for a name that is no stream.
        """
        if name not in NAMES:
            raise ValueError(f'no stream is called "{name}"; streams: {", ".join(NAMES)}')
        identity = json.dumps([self.seed, self.salt, name, *keys], separators=(",", ":"))
        digest = hashlib.sha256(identity.encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little"))
