"""The weights of the decision, as `python -m liegg.studies.lens.fitting lessons.pt` printed them on
27 November 2026; not to be edited by hand."""

WEIGHTS = {
    "one": {
        "any": -5.23,
        "count": -0.585,
        "variance step": 1.29,
        "variance sum": -0.153,
        "chance step": 1.07,
    },
    "one, labels": {
        "any": -2.84,
        "count": -0.041,
        "told step": 2.08,
        "sure sum": -0.208,
        "paid beyond": 1.16,
    },
    "several": {
        "any": -4.95,
        "count": -0.418,
        "coherence step": 1.78,
        "coherence sum": -0.218,
        "shared beyond": 0.602,
        "chance step": 0.534,
    },
    "several, labels": {
        "any": -4.46,
        "count": -0.27,
        "coherence step": 0.833,
        "coherence sum": -0.216,
        "told step": 2.14,
        "paid beyond": 1.11,
    },
}
