"""Tests, intervals and corrections: arrays in, frozen dataclasses out. Knows nothing of runs, methods or tables.

scipy is imported inside the function that needs it: a table without tests must not wait for it. No function here
returns NaN or warns: where a number does not exist, the result says why in words.

| what is asked | who answers |
| --- | --- |
| one sample: n, mean, sd, median, t interval | `summarize` |
| BCa bootstrap interval of its mean | `bootstrap` |
| two samples: difference of means, Welch's interval | `difference` |
| two samples: is there a difference | `mann_whitney` (two-sided, or the thesis's one-sided reading) |
| two samples: is there a difference of means, without a distribution | `permutation` |
| two samples: are they equivalent within a margin | `tost` |
| pairs: is there a difference | `wilcoxon` |
| pairs: worse, practically equivalent or better | `bayes` |
| how often one exceeds the other, with interval | `a12`, `cliffs_delta` |
| several samples: does any differ | `kruskal` |
| several treatments on the same blocks: average ranks, critical difference | `friedman` |
| many tasks: interquartile mean, with interval | `iqm` |
| many tasks: probability of improvement, with interval | `improvement` |
| many tests: corrected for any false positive, or for their share | `holm`, `benjamini_hochberg` |
| power: chance of finding, smallest difference, seeds needed, spread | `power`, `detectable`, `needed`, `pooled_sd` |
"""

from l2t.stats.a12 import a12
from l2t.stats.bayes import ThreeWay, bayes
from l2t.stats.benjamini_hochberg import benjamini_hochberg
from l2t.stats.bootstrap import bootstrap
from l2t.stats.cliffs_delta import cliffs_delta
from l2t.stats.difference import Difference, difference
from l2t.stats.estimate import Estimate
from l2t.stats.friedman import Friedman, friedman
from l2t.stats.holm import holm
from l2t.stats.improvement import improvement
from l2t.stats.iqm import iqm
from l2t.stats.kruskal import kruskal
from l2t.stats.mannwhitney import mann_whitney
from l2t.stats.permutation import permutation
from l2t.stats.power import Needed, detectable, needed, pooled_sd, power
from l2t.stats.summary import Summary, summarize
from l2t.stats.tested import MINIMUM, NoTest, PValue
from l2t.stats.tost import tost
from l2t.stats.wilcoxon import wilcoxon

__all__ = [
    "MINIMUM",
    "Difference",
    "Estimate",
    "Friedman",
    "Needed",
    "NoTest",
    "PValue",
    "Summary",
    "ThreeWay",
    "a12",
    "bayes",
    "benjamini_hochberg",
    "bootstrap",
    "cliffs_delta",
    "detectable",
    "difference",
    "friedman",
    "holm",
    "improvement",
    "iqm",
    "kruskal",
    "mann_whitney",
    "needed",
    "permutation",
    "pooled_sd",
    "power",
    "summarize",
    "tost",
    "wilcoxon",
]
