"""How a Lie algebra moves data: points, images, tensors, vector fields of your own; and how actions combine.

An action names K directions A_1 ... A_K. A coefficient vector a of length K stands for the generator
A = sum_i a_i A_i, and exp(tA) moves a sample. `Action` lists what every action offers.
"""

from liegg.actions.base import Action
from liegg.actions.compose import Copies, Product, Restricted, translations
from liegg.actions.fields import Polynomial, VectorFields
from liegg.actions.flow import Flow
from liegg.actions.images import Affine2d
from liegg.actions.jets import Jets, Prolonged
from liegg.actions.points import Affine, Linear
from liegg.actions.tensors import Tensor

__all__ = [
    "Action",
    "Affine",
    "Affine2d",
    "Copies",
    "Flow",
    "Jets",
    "Linear",
    "Polynomial",
    "Product",
    "Prolonged",
    "Restricted",
    "Tensor",
    "VectorFields",
    "translations",
]
