"""Clean-noisy pair data sets: generate, store, load."""

from reald2iff.pairs.dataset import PairArrays, load_pairs

__all__ = ["PairArrays", "load_pairs"]
