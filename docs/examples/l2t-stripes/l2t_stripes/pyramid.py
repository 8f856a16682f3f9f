"""The network `pyramid`: three convolutions, each half as wide and high as the one before. No torch."""

import itertools

from l2t.models.base import ModelInfo, Tap, batch_norm, convolution

WIDTHS = (3, 12, 24, 48)
"""Channels of the images and of the three maps."""

PYRAMID = ModelInfo(
    title="Pyramid",
    summary="3 convolutions of stride 2 with batch norm (12, 24, 48 channels), mean, linear",
    taps=tuple(Tap(f"level{level}", width, 2**level) for level, width in enumerate(WIDTHS[1:], 1)),
    stages=(0, 1, 2),
    build="l2t_stripes.network:build",
    body={
        name: shape
        for level, (before, after) in enumerate(itertools.pairwise(WIDTHS))
        for name, shape in (
            *convolution(f"convolutions.{level}", before, after).items(),
            *batch_norm(f"norms.{level}", after).items(),
        )
    },
    features=WIDTHS[-1],
    smallest=8,
    multiple=8,
)
