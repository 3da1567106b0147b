"""Training of both stages: deterministic, resumable, on a CPU or a GPU."""
