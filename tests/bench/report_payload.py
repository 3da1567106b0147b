"""A result of the realism benchmark with every part, made of plain numbers, and frames for its slider."""

import numpy as np

from reald2iff.bench.slider import Slide

METHODS = ("identity", "gaussian", "perlin", "kinect", "isaac", "active_randomisation")
METHODS += ("twin", "twin_redrawn", "coarse", "coarse_fine")
ACCURACY_16 = (1.0, 1.0, 0.985, 0.999, 0.997, 0.96, 0.71, 0.507, 0.66, 0.588)
ACCURACY_64 = (1.0, 1.0, 1.0, 1.0, 1.0, 0.99, 0.88, 0.515, 0.83, 0.731)


def figure(accuracy: float, width: float) -> dict:
    ends = [max(0.0, accuracy - width), min(1.0, accuracy + width)]
    return {"accuracy": accuracy, "auc": min(1.0, accuracy * 1.04), "ci95": ends, "test_scenes": 16}


def row(index: int, paired: bool) -> dict:
    worse = 0.0 if paired else 0.04
    found = {
        "method": METHODS[index],
        "description": f"{METHODS[index]} <b>as described</b> & more",
        "two_sample_16": figure(min(1.0, ACCURACY_16[index] + worse), 0.01 + worse),
        "two_sample_64": figure(min(1.0, ACCURACY_64[index] + worse), 0.02 + worse),
        "fingerprint_distance": 1.3 - 0.11 * index,
        "hole_ratio": 0.012 * index,
        "ms_per_frame": None if METHODS[index] == "twin_redrawn" else 3.0 + 25 * index,
    }
    if paired:
        found |= {
            "hole_rate_by_edge_distance": [0.05 * index, 0.03 * index, 0.02 * index, 0.01 * index, None],
            "residual_spectrum_db": [20 - 0.1 * index * k for k in range(31)],
            "chamfer_l2_mm2": 12.5 + index,
            "f_score": 0.9,
        }
    else:
        found["sigma_by_disparity"] = {"4-8": 0.1, "8-12": 0.05 + 0.01 * index, "12-16": None, "16-24": 0.06}
    return found


def payload() -> dict:
    check = {"twin_redrawn": row(7, True), "identity": row(0, True)}
    real = [row(index, False) for index in range(len(METHODS)) if METHODS[index] != "twin_redrawn"]
    return {
        "paired": {
            "rows": [row(index, True) for index in range(len(METHODS))],
            "self_check": check,
            "sensor": {"hole_rate_by_edge_distance": [0.48, 0.25, 0.16, 0.1, 0.03]},
        },
        "unpaired": {
            "rows": [entry | {"source": "living room"} for entry in real],
            "sources": [
                {
                    "name": "living room",
                    "registered": False,
                    "frames": 39,
                    "segments": 9,
                    "tested": 23,
                    "held_out": True,
                    "refused": [{"frame": "depth/000004.png", "reason": "12 % of the image is <nothing>"}],
                    "self_check": {"real": row(7, False), "identity": row(0, False)},
                    "problems": [],
                    "rows": real,
                },
                {
                    "name": "</script><script>alert(1)</script>",
                    "registered": True,
                    "frames": 3,
                    "problems": ["3 usable frames are one segment: expected 2 or more"],
                    "rows": [],
                },
            ],
        },
        "meta": {"reald2iff": "0.1.0", "seed": 0, "machine": {"cpu": "two slow cores", "cores": 2}},
    }


def slides() -> list[Slide]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(2):
        rows, columns = np.mgrid[0:48, 0:64].astype(np.float32)
        clean = 10 + 0.1 * rows + 0.05 * columns
        clean[10:30, 20:40] = 24 + number
        noisy = clean + rng.normal(0, 0.1, clean.shape).astype(np.float32)
        noisy[:, 12:20] = 0
        methods = {"sensor": noisy, "gaussian": noisy + np.float32(0.2), "coarse_fine": noisy}
        made.append(Slide(f"frame </script> {number}", clean, methods))
    return made
