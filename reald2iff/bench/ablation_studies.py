"""What `reald2iff bench ablation` compares: named variants of the method, by study."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from reald2iff.diffusion.discrepancy import DiscrepancyGuidance
from reald2iff.diffusion.frequency import FrequencyGuidance
from reald2iff.diffusion.representation import Representation


@dataclass(frozen=True)
class FullBand(FrequencyGuidance):
    """No frequency-guided supervision: the coarse stage learns the full residual and validity."""

    def structural(self, target: torch.Tensor) -> torch.Tensor:
        return target


@dataclass(frozen=True)
class Variant:
    """A configuration of the method; what is not given is the product's default.

    Attributes:
        name: In tables and plots.
        one_stage: One network without a coarse sample, of the same size, with as many optimisation steps and
            network calls as both stages together (the papers' E2E).
        representation: How depth looks to the networks.
        frequency: Frequency-guided supervision of the coarse stage (or of the one there is).
        discrepancy: Discrepancy-guided optimization of the fine stage.
        width_factor: Of the networks' widths, relative to the command's.
        steps_factor: Of the optimisation steps, relative to the command's.
    """

    name: str
    one_stage: bool = False
    representation: Representation = field(default_factory=Representation)
    frequency: FrequencyGuidance = field(default_factory=FrequencyGuidance)
    discrepancy: DiscrepancyGuidance = field(default_factory=DiscrepancyGuidance)
    width_factor: float = 1.0
    steps_factor: float = 1.0


def _weights(high: float, low: float) -> DiscrepancyGuidance:
    return DiscrepancyGuidance(weight_high=high, weight_low=low)


def _asinh(scale: float, gain: float) -> Representation:
    return Representation(compand_scale=scale, gain=gain)


def _linear(slope: float, limit: float) -> Representation:
    # Far below its scale asinh is a straight line.
    scale = 100.0 * limit
    return Representation(compand_scale=scale, gain=slope * scale, max_residual=limit)


_NO_DGO = _weights(1.0, 1.0)

# The gains give every representation the spread of the default on pairs of the D435 twin (0.75).
STUDIES: dict[str, tuple[Variant, ...]] = {
    "method": (
        Variant("E2E", one_stage=True, frequency=FullBand()),
        Variant("without FGS", frequency=FullBand()),
        Variant("without DGO", discrepancy=_NO_DGO),
        Variant("both"),
    ),
    "representation": (
        Variant("asinh 0.05 px", representation=_asinh(0.05, 0.56)),
        Variant("asinh 0.1 px"),
        Variant("asinh 0.3 px", representation=_asinh(0.3, 1.42)),
        Variant("linear, clipped at 2 px", representation=_linear(3.13, 2.0)),
        Variant("linear, clipped at 40 px", representation=_linear(0.61, 40.0)),
    ),
    "cutoff": tuple(
        Variant(f"{cutoff} cycles/px", frequency=FrequencyGuidance(cutoff=cutoff))
        for cutoff in (0.05, 0.15, 0.3)
    ),
    "block": tuple(
        Variant(f"{block} px", discrepancy=DiscrepancyGuidance(block=block)) for block in (4, 8, 16)
    ),
    "threshold": tuple(
        Variant(f"tau {tau}", discrepancy=DiscrepancyGuidance(threshold=tau)) for tau in (0.3, 0.5, 0.7)
    ),
    "weights": tuple(
        Variant(f"{high} / {low}", discrepancy=_weights(high, low))
        for high, low in ((1.5, 0.5), (2.0, 0.25), (1.0, 1.0))
    ),
    "size": tuple(
        Variant(f"width x{width:g}, steps x{steps:g}", width_factor=width, steps_factor=steps)
        for width in (0.5, 1.0, 2.0)
        for steps in (0.25, 1.0, 4.0)
    ),
}
"""Variants by study. What two studies have in common is trained and measured once."""

PAPER_TABLE_4 = {
    "E2E": (53.9, 6.64, 22.8),
    "without FGS": (60.4, 4.11, 26.7),
    "without DGO": (58.3, 4.39, 25.8),
    "both": (63.7, 3.70, 29.1),
}
"""RealD2iff's table 4, in-domain: mIoU %, Chamfer L2 x1000 and F-score %, as it prints them."""
