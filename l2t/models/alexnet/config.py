"""AlexNet (Krizhevsky, Sutskever, Hinton 2012; widths of Krizhevsky 2014) in its usual form for 32×32 images.

2×2 max-pools without overlap, mean over positions, one linear layer; no dropout, no normalisation.
"""

from l2t.models.base import ModelInfo, Tap, convolution

ALEXNET = ModelInfo(
    title="AlexNet",
    summary="5 convolutions, 1 linear layer, no batch norm: 64 M 192 M 384 256 256 M, the first 11×11 with stride 4",
    taps=(Tap("pool0", 64, 4), Tap("pool1", 192, 8), Tap("pool2", 256, 16)),
    stages=(0, 1, 2),
    build="l2t.models.alexnet.network:build",
    body=convolution("features.0", 3, 64, 11, bias=True)
    | convolution("features.3", 64, 192, 5, bias=True)
    | convolution("features.6", 192, 384, bias=True)
    | convolution("features.8", 384, 256, bias=True)
    | convolution("features.10", 256, 256, bias=True),
    features=256,
    smallest=32,
    multiple=4,
    lr=0.01,
)
