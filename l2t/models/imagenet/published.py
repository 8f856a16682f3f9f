"""Names of the weights in torchvision's files of ResNets and VGG-16, in ours. Torch-free."""

NAMES = {
    "fc.": "classifier.",
    "classifier.0.": "hidden.0.",
    "classifier.3.": "hidden.2.",
    "classifier.6.": "classifier.",
}
"""Theirs → ours, by their beginnings."""


def rename(key: str) -> str:
    """Our name of a weight of torchvision's network; any other name is kept."""
    for theirs, ours in NAMES.items():
        if key.startswith(theirs):
            return ours + key.removeprefix(theirs)
    return key
