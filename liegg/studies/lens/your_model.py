"""A reader's own model: a torch module, a saved program, an estimator or a function, as functions of tensors.

What MODEL names is code that the reader trusts, and it is run.
"""

import contextlib
import importlib
import inspect
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from liegg import black_box
from liegg.symmetry.black_box import BlackBox
from liegg.symmetry.polarization import Function, fitted

FORM = "package.module:name, path/to/file.py:name, or a file: TorchScript (.pt) or an exported program (.pt2)"
OTHERS = (".onnx", ".h5", ".keras")
FILES = (".pt", ".pth", ".ts", ".pt2", ".ckpt", ".bin", ".safetensors", ".pkl", ".joblib", *OTHERS)
FEW = 3  # samples that a model is tried on
FAINT = 1e-30  # a probability that counts as zero
DIFFERENCES = "asked by differences"


class Loaded(NamedTuple):
    """What MODEL names."""

    models: list
    """one, or several that were trained independently: modules, estimators and functions"""
    module: ModuleType | None
    """the module that it was found in"""
    folder: Path
    """where it was loaded: the files that it opens lie there"""


class Asked(NamedTuple):
    """A model as `find_symmetry` takes it."""

    functions: list[Function]
    kind: str
    """what it is, in words"""
    classes: np.ndarray | None
    """the labels of a classifier's outputs, in their order, where it says them"""


def load(model: str) -> Loaded:
    """What MODEL names: the thing itself, or what it makes, if it is a function or class that needs no arguments.

    A file is loaded in its own folder, where the files that it opens lie. Raises ValueError, with the fix, for what
    cannot be found, loaded or built.
    """
    if model.endswith(FILES):
        return Loaded([_program(Path(model).expanduser())], None, Path())
    place, _, name = model.rpartition(":")
    if not place or not name:
        raise ValueError(f"MODEL is {FORM}, not {model!r}")
    path = Path(place).expanduser().resolve()
    if place.endswith(".py") and not path.is_file():
        raise ValueError(f"MODEL: there is no file {path}")
    folder = path.parent if place.endswith(".py") else Path()
    with contextlib.chdir(folder):
        with _told(f"MODEL: {place} cannot be imported"):
            module = _of_file(path) if place.endswith(".py") else _imported(place)
        with _told(f"MODEL: {model} cannot be built"):
            made = _made(_attribute(module, name))
    models = list(made) if isinstance(made, list | tuple | nn.ModuleList) else [made]
    if not models or len(models) == 2:
        raise ValueError(f"{model} gives {len(models)} models: give one, or three and more, trained independently")
    return Loaded(models, module, folder.resolve())


def asked(models: list, x: Tensor) -> Asked:
    """Models as functions of tensors like the samples x (N, ...), asked by differences where they have no gradients.

    Raises ValueError for what is no model, cannot take these samples, or returns no numbers, one result a sample.
    """
    made, few = [_function(model, x) for model in models], x[:FEW]
    try:
        y = outputs(made[0][0], few)
    except Exception as error:  # whatever a model raises at samples that it was not made for
        fixes = (fix for kind, fix in FIXES.items() if isinstance(models[0], kind))
        raise ValueError(
            f"the model cannot take a batch of {len(few)} of the inputs, {tuple(few.shape)} {few.dtype}: "
            f"{_reason(error)}; {next(fixes, 'save them as it was trained on them, samples in the first dimension')}"
        ) from error
    if not isinstance(y, Tensor) or y.ndim not in (1, 2) or len(y) != len(few):
        shape = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
        raise ValueError(
            f"the model maps {tuple(few.shape)} to {shape}, and should to ({len(few)},) or ({len(few)}, m), one result "
            "a sample: give a function or module around it that returns that part"
        )
    labels = getattr(models[0], "classes_", None)
    labels = labels if isinstance(labels, np.ndarray) and labels.ndim == 1 else None
    return Asked([function for function, _ in made], made[0][1], labels)


@torch.no_grad()
def outputs(function: Function, x: Tensor) -> Any:
    """What a function makes of x, in the precision of its weights."""
    return function(fitted(function, x))


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Whatever the reader's own code raises, an exit too, as a ValueError that says where."""
    try:
        yield
    except ValueError as error:
        raise error if str(error).startswith("MODEL") else ValueError(f"{what}: {_reason(error)}") from error
    except ImportError as error:
        hint = "; give it as package.module:name" if "relative import" in str(error) else ""
        raise ValueError(f"{what}: {_reason(error)}{hint}") from error
    except (Exception, SystemExit) as error:
        raise ValueError(f"{what}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """An error in a line: the first, and of TorchScript's the last, which says what failed."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[-1 if 'TorchScript' in lines[0] else 0]}"


def _imported(place: str) -> ModuleType:
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and f"{place}.".startswith(f"{error.name}."):
            raise ValueError(
                f"MODEL: there is no module {place} here: give its file, MODEL=path/to/file.py:name, or install its "
                "package"
            ) from error
        raise ValueError(
            f"MODEL: {place} needs {error.name}, which is not installed here: {sys.executable} -m pip install it"
        ) from error


def _of_file(path: Path) -> ModuleType:
    """A file as the module of its name, with those beside it within reach, as Python has it with a script."""
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) != str(path):
        raise ValueError(f"MODEL: {path.name} has the name of a module that is there already: rename it")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"MODEL: {path.name} needs {error.name}, which is not installed here: {sys.executable} -m pip install it"
        ) from error
    return module


def _attribute(module: ModuleType, name: str) -> Any:
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            names = [n for n in vars(found) if not n.startswith("_") and callable(getattr(found, n))]
            raise ValueError(f"MODEL: {module.__name__} has no {name}: it has {', '.join(names[-9:]) or 'nothing'}")
        found = getattr(found, part)
    return found


def _made(thing: Any) -> Any:
    """A model, or what a function or class without required arguments makes."""
    if isinstance(thing, list | tuple | nn.Module) or _estimates(thing):
        return thing
    if not callable(thing):
        raise ValueError(f"MODEL is a {type(thing).__name__}, and should be a model or a function that makes one")
    needed = _needed(thing)
    if len(needed) == 1 and not isinstance(thing, type):
        return thing
    if needed:
        raise ValueError(
            f"MODEL needs {', '.join(needed)}: give a function without arguments that makes it, or one of a batch"
        )
    return thing()


def _estimates(thing: Any) -> bool:
    return callable(getattr(thing, "predict", None)) and not isinstance(thing, type)


def _needed(function: Callable) -> list[str]:
    """The arguments that a function must be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # one of another language, of a batch
        return ["x"]
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _program(path: Path) -> Function:
    """A program from a file that holds one: TorchScript or what torch.export saved."""
    if not path.is_file():
        raise ValueError(f"MODEL: there is no file {path}")
    held = zipfile.ZipFile(path).namelist() if zipfile.is_zipfile(path) else []
    if path.suffix == ".pt2":
        with _told(f"MODEL: {path} cannot be loaded"):
            return Exported(torch.export.load(path))
    if any("/code/" in name for name in held):
        with _told(f"MODEL: {path} cannot be loaded"):
            return torch.jit.load(path, map_location="cpu")
    if path.suffix in OTHERS:
        raise ValueError(
            f"MODEL: {path} is of a kind that is not read here: write a file with a function of a batch, an array, "
            "that runs it, and give MODEL=path/to/that.py:name"
        )
    raise ValueError(
        f"MODEL: {path} holds weights or a pickle, and no program that can be run: write a file with a function that "
        "makes the model and loads them, def build(): ..., and give MODEL=path/to/that.py:build"
    )


class Exported:
    """An exported program as a function of batches, in the precision of its weights."""

    def __init__(self, program: torch.export.ExportedProgram):
        self.run = program.module()
        self.dtype = next((w.dtype for w in program.state_dict.values() if w.is_floating_point()), torch.float32)

    def __call__(self, x: Tensor) -> Tensor:
        return self.run(x.to(self.dtype))


FIXES = {
    Exported: "export it in eval mode with dynamic_shapes, its first dimension a torch.export.Dim",
    torch.jit.ScriptModule: "trace or script it so that the number of samples is free",
}
"""what helps where a program does not take a batch"""


def _function(model: Any, x: Tensor) -> tuple[Function, str]:
    """One model as a function of tensors, and what it is."""
    if isinstance(model, nn.Module):
        narrow = any(w.dtype in (torch.float16, torch.bfloat16) for w in model.parameters())
        script = isinstance(model, torch.jit.ScriptModule)
        kind = "a TorchScript module" if script else f"a torch module, {type(model).__name__}"
        return (model.float() if narrow else model).eval(), kind
    if isinstance(model, Exported):
        return model, "an exported program"
    if _estimates(model):
        return _by_differences(_predicting(model), x), f"an estimator, {type(model).__name__}, {DIFFERENCES}"
    if not callable(model):
        raise ValueError(
            f"MODEL gives a {type(model).__name__}: give a torch module, an estimator or a function; of weights alone "
            "a function that makes the module and loads them, of several models a list"
        )
    try:
        y = model(x[:FEW].clone().requires_grad_())
    except Exception as error:  # it may be a function of arrays
        return _by_differences(model, x, first=_reason(error)), f"a function without gradients, {DIFFERENCES}"
    if isinstance(y, nn.Module) or _estimates(y):
        raise ValueError(
            f"MODEL makes a model of its argument, {_needed(model)[0]}: give a function without arguments that makes it"
        )
    if isinstance(y, Tensor) and y.requires_grad:
        return model, "a function of tensors"
    of_arrays = (lambda a: model(torch.from_numpy(a)).numpy()) if isinstance(y, Tensor) else model
    return _by_differences(of_arrays, x), f"a function without gradients, {DIFFERENCES}"


def _by_differences(function: Callable, x: Tensor, first: str = "it returns none") -> BlackBox:
    """A function of arrays; `first` is why it is none of tensors."""
    try:
        return black_box(function, x)
    except ValueError:
        raise
    except Exception as error:  # whatever it raises at what it was not made for
        raise ValueError(
            f"the model takes neither a tensor ({first}) nor an array ({_reason(error)}) of {tuple(x[:FEW].shape)}: "
            "save INPUTS as it was trained on them"
        ) from error


def _predicting(model: Any) -> Callable[[np.ndarray], Any]:
    """What an estimator makes of a batch: the logarithms of a classifier's probabilities, or its decision function, so
    that they are logits; the predictions of any other."""
    if hasattr(model, "predict_proba"):
        return lambda a: np.log(np.maximum(model.predict_proba(a), FAINT))
    return model.decision_function if hasattr(model, "decision_function") else model.predict
