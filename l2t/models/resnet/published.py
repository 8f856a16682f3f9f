"""Names of the published checkpoints' weights in ours. Torch-free."""

import re

_STAGE_FIRST = re.compile(r"block(?P<stage>[135])\.")
_STAGE_REST = re.compile(r"blocks(?P<stage>[246])\.(?P<block>\d+)\.")


def rename(key: str, blocks: int) -> str:
    """Our name of a weight of the published ResNet with `blocks` blocks a stage.

    Published: block1, blocks2.0–3, block3, blocks4.0–3, block5, blocks6.0–3, shortcuts "downsample", classifier "fc";
    ours: blocks.0–14, "shortcut", "classifier".
    """
    key = re.sub(r"^fc\.", "classifier.", key.replace(".downsample.", ".shortcut."))
    if match := _STAGE_FIRST.match(key):
        return f"blocks.{(int(match['stage']) - 1) // 2 * blocks}.{key[match.end() :]}"
    if match := _STAGE_REST.match(key):
        first = (int(match["stage"]) - 2) // 2 * blocks
        return f"blocks.{first + 1 + int(match['block'])}.{key[match.end() :]}"
    return key
