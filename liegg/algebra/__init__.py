"""Matrix Lie algebras as orthonormal bases, and how to compare them.

An algebra is a tensor of shape (dim, n, n) in float64 whose matrices are orthonormal in the Frobenius inner product
<A, B> = tr(AᵀB). Angles are in degrees.
"""

from liegg.algebra.bases import conjugate, direct_sum, gl, orthonormal, scaling, sl, so, sp, translations
from liegg.algebra.compare import bias, bracket, closure, closure_defect, principal_angles

__all__ = [
    "bias",
    "bracket",
    "closure",
    "closure_defect",
    "conjugate",
    "direct_sum",
    "gl",
    "orthonormal",
    "principal_angles",
    "scaling",
    "sl",
    "so",
    "sp",
    "translations",
]
