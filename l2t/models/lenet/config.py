"""LeNet-5 (LeCun et al. 1998, figure 2) as it is used today: ReLU, max-pools, each map joined with all before it."""

from l2t.models.base import ModelInfo, Tap, convolution, linear

GRID = 5
"""Height and width of the map that the linear layers read; larger ones are pooled to it, smaller ones repeated."""
WIDTHS = (6, 16)
HIDDEN = (120, 84)

LENET5 = ModelInfo(
    title="LeNet-5",
    summary="2 convolutions, 3 linear layers (120, 84), no batch norm: 6 M 16 M, 5×5 without padding",
    taps=(Tap("pool0", WIDTHS[0], 1, crop=4), Tap("pool1", WIDTHS[1], 2, crop=12)),
    stages=(0, 1),
    build="l2t.models.lenet.network:build",
    body=convolution("features.0", 3, WIDTHS[0], 5, bias=True)
    | convolution("features.3", *WIDTHS, 5, bias=True)
    | linear("hidden.0", WIDTHS[1] * GRID**2, HIDDEN[0])
    | linear("hidden.2", *HIDDEN),
    features=HIDDEN[1],
    smallest=16,
    multiple=1,
    lr=0.01,
)
