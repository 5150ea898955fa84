"""The authors' numbers: tables 1 and 3 as their slides show them, and two pre-release outputs of per-layer tables.

Of table 2 (CIFAR-10, eight types of layers) and of the appendix on separable convolutions no accuracy is available.
"""

TOY = {
    ("digit", "FC", "MAP"): 95.73,
    ("digit", "CONV", "MAP"): 99.38,
    ("digit", "FC", "Laplace"): 97.04,
    ("digit", "CONV", "Laplace"): 99.23,
    ("digit", "F-FC+CONV", "Laplace"): 98.86,
    ("digit and quadrant", "FC", "MAP"): 95.10,
    ("digit and quadrant", "CONV", "MAP"): 24.68,
    ("digit and quadrant", "FC", "Laplace"): 95.46,
    ("digit and quadrant", "CONV", "Laplace"): 24.50,
    ("digit and quadrant", "F-FC+CONV", "Laplace"): 99.00,
}
"""Table 1: test accuracy in percent, by task, layers and method"""

MIXED = {
    ("mnist", "plain"): {"MAP": (0.172, 97.59), "Laplace": (0.023, 99.21), "log_evidence": -0.328},
    ("mnist", "translated"): {"MAP": (0.812, 90.78), "Laplace": (0.053, 98.27), "log_evidence": -0.216},
    ("mnist", "rotated"): {"MAP": (0.819, 91.02), "Laplace": (0.136, 95.55), "log_evidence": -0.896},
    ("cifar10", "plain"): {"MAP": (3.540, 68.33), "Laplace": (0.552, 80.94), "log_evidence": -0.926},
    ("cifar10", "rotated"): {"MAP": (5.953, 48.30), "Laplace": (1.236, 55.68), "log_evidence": -1.630},
}
"""Table 3: NLL in nats and accuracy in percent, and the log evidence in nats an image (the table has its negative)"""

MIXED_SHARES = {
    ("mnist", "plain"): {"F-FC": (10, 0, 46), "CONV": (15, 0, 98), "GCONV": (75, 1, 100)},
    ("mnist", "translated"): {"F-FC": (0, 0, 0), "CONV": (23, 0, 99), "GCONV": (77, 1, 100)},
    ("mnist", "rotated"): {"F-FC": (8, 0, 20), "CONV": (8, 0, 47), "GCONV": (83, 47, 100)},
    ("cifar10", "plain"): {"F-FC": (0, 0, 1), "CONV": (44, 0, 99), "GCONV": (56, 0, 100)},
    ("cifar10", "rotated"): {"F-FC": (4, 0, 22), "CONV": (14, 0, 41), "GCONV": (82, 58, 99)},
}
"""Table 3: relative effective parameters in percent, mean over the eight layers, least and largest"""

CIFAR_FC_CONV = {
    "precision FC": [3588348.5, 2750749.5, 5898884.5, 22690960, 29633508, 35631228, 635.6, 35582056],
    "precision CONV": [0.0751, 1.2637, 14.507, 230.75, 5438.1, 3797.5, 31321916, 1.758],
    "share FC": [3e-8, 1e-7, 2.1e-7, 1.8e-6, 1.9e-5, 2.6e-5, 0.9993, 1.9e-5],
}
"""Eight layers of FC+CONV learned on CIFAR-10: from a notebook's output before the release, as the slides confirm"""

CIFAR_FACTORED = {
    "precision U": [40081, 43149, 129810, 800174, 482410, 1.11, 0.064, 1e-4],
    "precision V": [0.0018, 0.0072, 0.0069, 0.170, 0.467, 1.26, 0.813, 19624],
    "precision CONV": [0.144, 3.26, 53.2, 6966, 97.6, 16.7, 784.9, 3.56],
    "type": ["CONV", "CONV", "CONV", "CONV", "CONV", "FC", "FC", "CONV"],
}
"""The same of F-FC+CONV, from an earlier output; whether it is the published run is not known"""

PARAMETERS = {
    "FC": 133635690,
    "CONV": 338770,
    "FC+CONV": 133865010,
    "F-FC": 1542625,
    "F-FC+CONV": 1771945,
    "S-FC": 831820,
    "S-CONV": 287910,
    "S-FC+S-CONV": 933990,
}
"""of the networks of table 2, width 10 and three channels, counted in the released classes"""
