"""Many networks of one shape trained as one batched computation, each exactly as it would train alone."""

import copy
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from liegg import progress
from liegg.devices import home, resolve

GIVEN_BACK = 2**25 - 2**13
"""bytes of a block after which glibc keeps the most (`_keep_memory`)"""


def train(
    models: Sequence[nn.Module],
    x: Tensor | Sequence[Tensor],
    y: Tensor | Sequence[Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    seeds: Sequence[int],
    epochs: int | Sequence[int],
    batch_size: int,
    lr: float,
    weight_decay: float = 0.0,
    anneal: bool = False,
    score: Callable[[Tensor, Tensor], Tensor] | None = None,
    validation: tuple[Tensor, Tensor] | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Train M networks of one shape with Adam, in place; returns the mean loss of each epoch, (epochs, M).

    models       M modules of equal shape
    x, y         the data of each: (M, N, ...), expanded where it is shared, or M tensors (N_i, ...) of any lengths
    loss         (outputs, targets) of one member's batch -> its mean loss
    seeds        M numbers: each member's order of the data
    epochs       passes over the data, of all or of each; a member that ends before others leaves the computation, and
                 its losses after that are NaN
    anneal       lower the learning rate to zero along half a cosine, epoch by epoch; for data of one length
    score        with `validation`, its (x, y) as (M, N, ...): after each epoch score(outputs, targets) is computed and
                 each member ends with the weights of its best epoch, not of the last
    device       where it is computed, "auto" for a GPU if there is one; by default where the first model is. The models
                 stay where they are

    Parameters that need no gradient stay as they are; random layers, as dropout, draw for each member anew. However it
    ends, every model then has the weights it had got to: its last ones where it had finished. Raises ValueError for
    counts and rates that are out of range or do not agree, for data and models without values, and for models that
    cannot be trained together, FloatingPointError when a member's loss or score is no longer finite, naming the member.
    """
    if not hasattr(models, "__len__") or not all(isinstance(model, nn.Module) for model in models):
        raise ValueError("models must be a list of torch modules")
    if isinstance(epochs, bool | str) or not (isinstance(epochs, int) or hasattr(epochs, "__len__")):
        raise ValueError(f"epochs must be a whole number, or one for each model, not {epochs!r}")
    if not isinstance(epochs, int) and not all(hasattr(number, "__index__") for number in epochs):
        raise ValueError(f"epochs must be whole numbers, not {epochs!r}")
    if not hasattr(seeds, "__len__") or not all(hasattr(seed, "__index__") for seed in seeds):
        raise ValueError(f"seeds must be a list of whole numbers, one for each model, not {seeds!r}")
    if not hasattr(x, "__len__") or not hasattr(y, "__len__"):
        raise ValueError("x and y must be tensors (M, N, ...), or lists of M tensors")
    if not all(isinstance(part, Tensor) and part.ndim for data in (x, y) for part in data):
        raise ValueError("x and y must be tensors (M, N, ...), or lists of M tensors (N_i, ...)")
    if any(part.is_meta or part.layout != torch.strided for data in (x, y) for part in data):
        raise ValueError("x and y must be dense tensors with values: no meta or sparse ones")
    if any(part.requires_grad for data in (x, y) for part in data):
        raise ValueError("x and y are data, and need no gradients: detach() them")
    if not all(hasattr(rate, "__float__") and 0 <= rate < float("inf") for rate in (lr, weight_decay)):
        raise ValueError(f"lr and weight_decay must be finite numbers, not negative, not {lr!r}, {weight_decay!r}")
    if not callable(loss):
        raise ValueError(f"loss must be a function of outputs and targets, not {loss!r}")
    if validation is not None and (not isinstance(validation, Sequence) or len(validation) != 2):
        raise ValueError("validation must be a pair (x, y) of tensors (M, N, ...)")
    passes = torch.tensor([epochs] * len(models) if isinstance(epochs, int) else list(epochs), dtype=torch.long)
    samples = torch.tensor([len(part) for part in x], dtype=torch.long)
    _check_models(models)
    _check_counts(models, x, y, seeds, passes, samples, batch_size)
    if anneal and len({*zip(samples.tolist(), passes.tolist())}) > 1:
        raise ValueError("anneal needs data of one length and one number of epochs")
    if (score is None) != (validation is None):
        raise ValueError("score and validation need each other")
    device = home(models[0], x[0]) if device is None else resolve(device)
    _keep_memory()
    run = _Members(models, loss, score, validation, device)
    optimizer = torch.optim.Adam(run.state.values(), lr=lr, weight_decay=weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, int(passes.max()))) if anneal else None
    data = _Pool(x, device), _Pool(y, device)
    streams = [_batches(*of_member, batch_size) for of_member in zip(samples.tolist(), passes.tolist(), seeds)]
    clock = _Clock(samples, passes, batch_size, device)
    run.keep(clock.here, optimizer)
    try:
        while len(clock.here):
            batches = [next(streams[i]) for i in clock.here.tolist()]
            losses = run.losses(data, clock.here, batches)
            optimizer.zero_grad()
            losses.sum().backward()
            optimizer.step()
            ended = clock.count(losses.detach(), [len(rows) for rows in batches])
            if not ended.any():
                continue
            _check_finite("loss", clock.latest(ended), clock.here[ended], clock.epoch[ended], seeds, lr)
            if schedule:
                schedule.step()
            if validation is not None:
                scores = run.judge(ended).cpu()
                _check_finite("score", scores[ended], clock.here[ended], clock.epoch[ended], seeds, lr)
            progress.show(clock.words(ended))
            left = clock.epoch < passes[clock.here]
            if not left.all():
                run.keep(left.nonzero().flatten(), optimizer)
                clock.keep(left)
    finally:
        run.write(range(len(run.members)))
        progress.clear()
    return clock.history


def _keep_memory() -> None:
    """Let glibc keep what a step frees, for the next one, in place of clearing pages anew: it keeps up to twice as much
    as the largest block, of 32 MB at most, that it has given back so far."""
    torch.empty(GIVEN_BACK, dtype=torch.uint8)


class _Clock:
    """Which members still train, how far each is, and the mean losses of their epochs."""

    def __init__(self, samples: Tensor, passes: Tensor, batch_size: int, device: torch.device):
        self.samples, self.passes, self.step = samples, passes, 0
        self.steps = -(-samples // batch_size)  # of an epoch
        self.history = torch.full((int(passes.max()), len(passes)), torch.nan)
        self.here = (passes > 0).nonzero().flatten()
        self.running = torch.zeros(len(self.here), device=device)
        self.longest = int((passes * self.steps).argmax())

    @property
    def epoch(self) -> Tensor:
        """(members here,) how many epochs each has ended."""
        return self.step // self.steps[self.here]

    def count(self, losses: Tensor, lengths: list[int]) -> Tensor:
        """Take in a step of the members here, with batches of these lengths; which of them end an epoch with it."""
        shares = torch.tensor(lengths) / self.samples[self.here]
        self.running += losses * shares.to(losses.device)
        self.step += 1
        ended = self.step % self.steps[self.here] == 0
        if ended.any():
            self.history[self.epoch[ended] - 1, self.here[ended]] = self.running.cpu()[ended]
            self.running[ended.to(self.running.device)] = 0
        return ended

    def latest(self, ended: Tensor) -> Tensor:
        """The losses of the epochs that just ended."""
        return self.history[self.epoch[ended] - 1, self.here[ended]]

    def words(self, ended: Tensor) -> str:
        epoch = self.step // self.steps[self.longest]
        return (
            f"{len(self.here)} networks train, epoch {epoch} of {self.passes[self.longest]}, "
            f"loss {self.latest(ended).median():.3g}"
        )

    def keep(self, left: Tensor) -> None:
        self.running, self.here = self.running[left.to(self.running.device)], self.here[left]


class _Members:
    """The stacked weights of the networks still in training, and the best so far where there is a validation."""

    def __init__(self, models, loss, score, validation, device: torch.device):
        self.members = list(models)
        frozen = {name for name, weights in models[0].named_parameters() if not weights.requires_grad}
        state = _stacked([dict(model.named_parameters()) for model in models], device)
        buffers = _stacked([dict(model.named_buffers()) for model in models], device)
        self.state = {name: weights.requires_grad_() for name, weights in state.items() if name not in frozen}
        self.fixed = buffers | {name: state[name] for name in frozen}
        self.validation = validation and [part.to(device) for part in validation]
        self.best = {name: weights.detach().clone() for name, weights in self.state.items()} if validation else {}
        self.scores = torch.full((len(self.members),), -torch.inf, device=device)
        skeleton = copy.deepcopy(models[0]).to("meta")
        outputs = lambda weights, fixed, x: functional_call(skeleton, (weights, fixed), (x,))
        convolves = any(isinstance(part, nn.modules.conv._ConvNd) for part in models[0].modules())
        # a grouped convolution on a CPU is slower than its parts
        one_by_one = 1 if convolves and device.type == "cpu" else None
        self._loss = vmap(lambda w, b, x, y: loss(outputs(w, b, x), y), randomness="different", chunk_size=one_by_one)
        self._score = vmap(lambda w, b, x, y: score(outputs(w, b, x), y))

    def losses(self, data: tuple["_Pool", "_Pool"], here: Tensor, batches: list[Tensor]) -> Tensor:
        """(members here,) mean losses on batches, rows of their data; those of one length are computed together."""
        lengths = torch.tensor([len(rows) for rows in batches])
        if (lengths == lengths[0]).all():
            rows = torch.stack(batches)
            return self._loss(self.state, self.fixed, *(part.of(here, rows) for part in data))
        parts, order = [], []
        for length in lengths.unique():
            chosen = (lengths == length).nonzero().flatten()
            weights, fixed = ({k: v[chosen] for k, v in part.items()} for part in (self.state, self.fixed))
            rows = torch.stack([batches[i] for i in chosen.tolist()])
            parts.append(self._loss(weights, fixed, *(part.of(here[chosen], rows) for part in data)))
            order.append(chosen)
        return torch.cat(parts)[torch.cat(order).argsort()]

    @torch.no_grad()
    def judge(self, ended: Tensor) -> Tensor:
        """Scores on validation, (members,); a member at the end of its best epoch has its weights remembered."""
        scores = self._score(self.state, self.fixed, *self.validation).to(self.scores.dtype)
        better = ended.to(scores.device) & (scores > self.scores)
        self.scores[better] = scores[better]
        for name, weights in self.state.items():
            self.best[name][better] = weights[better]
        return scores

    def write(self, chosen) -> None:
        """Give members their weights."""
        final = self.best or self.state
        for i in chosen:
            self.members[i].load_state_dict({k: v[i].detach() for k, v in final.items()}, strict=False)

    def keep(self, kept: Tensor, optimizer: torch.optim.Adam) -> None:
        """Let all but some members leave with the weights they have, and the optimiser forget them."""
        if len(kept) == len(self.members):
            return
        self.write(sorted(set(range(len(self.members))) - set(kept.tolist())))
        old, kept = list(self.state.values()), kept.to(self.scores.device)
        self.state = {k: v.detach()[kept].requires_grad_() for k, v in self.state.items()}
        for before, after in zip(old, self.state.values()):
            moments = optimizer.state.pop(before, {})
            optimizer.state[after] = {k: v if k == "step" else v[kept] for k, v in moments.items()}
        optimizer.param_groups[0]["params"] = list(self.state.values())
        self.fixed, self.best = ({k: v[kept] for k, v in part.items()} for part in (self.fixed, self.best))
        self.validation = self.validation and [part[kept] for part in self.validation]
        self.scores = self.scores[kept]
        self.members = [self.members[i] for i in kept.tolist()]


def _stacked(parts: list[dict[str, Tensor]], device: torch.device) -> dict[str, Tensor]:
    """Tensors of all members by their name, (members, ...)."""
    return {name: torch.stack([part[name].detach() for part in parts]).to(device) for name in parts[0]}


class _Pool:
    """The data of all members on the device, one after another, those that members share only once."""

    def __init__(self, parts: Tensor | Sequence[Tensor], device: torch.device):
        places = [(part.data_ptr(), part.shape, part.stride()) for part in parts]
        distinct = dict(zip(places, parts))
        starts = dict(zip(distinct, accumulate((len(part) for part in distinct.values()), initial=0)))
        self.first = torch.tensor([starts[place] for place in places])
        """(M,) the row with which each member's begin"""
        if len(distinct) == 1:
            values = parts[0]
        elif isinstance(parts, Tensor) and parts.is_contiguous():
            values = parts.flatten(0, 1)
        else:
            values = torch.cat([*distinct.values()])
        self.values: Tensor = values.to(device)

    def of(self, members: Tensor, rows: Tensor) -> Tensor:
        """(m, B, ...) rows (m, B) of m members' own data."""
        places = (rows + self.first[members, None]).flatten().to(self.values.device)
        return self.values.index_select(0, places).unflatten(0, rows.shape)


def _batches(samples: int, epochs: int, seed: int, batch_size: int) -> Iterator[Tensor]:
    """One member's batches, as rows of its data, in a new order each epoch."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        yield from torch.randperm(samples, generator=generator).split(batch_size)


def _check_models(models: Sequence[nn.Module]) -> None:
    """Refuse what one computation with stacked weights would train wrongly."""
    kinds = {repr(model) for model in models}
    free = {tuple(name for name, weights in m.named_parameters() if weights.requires_grad) for m in models}
    if len({*map(id, models)}) < len(models) or len(models) == 0:
        raise ValueError("models must be one or more, all different objects")
    if len({model.training for model in models}) > 1:
        raise ValueError("models must be all in training mode or all in eval mode")
    if len(kinds) > 1:
        raise ValueError(f"models must be of one shape, but there are {len(kinds)} kinds: " + "; ".join(sorted(kinds)))
    if len(free) > 1 or free == {()}:
        raise ValueError("models must have the same parameters free to learn (requires_grad), and some")
    if any(weights.is_meta or weights.is_sparse for model in models for weights in model.parameters()):
        raise ValueError("models must have dense weights with values: none on the meta device, none sparse")
    if any(getattr(part, "track_running_stats", False) for part in models[0].modules()):
        raise ValueError("layers with running statistics (BatchNorm) do not train here: use LayerNorm or GroupNorm")


def _check_counts(models, x, y, seeds, passes: Tensor, samples: Tensor, batch_size: int) -> None:
    if not len(models) == len(seeds) == len(x) == len(y) == len(passes):
        raise ValueError(
            f"{len(models)} models, {len(seeds)} seeds, {len(passes)} numbers of epochs and data for {len(x)} and "
            f"{len(y)} must be as many"
        )
    if samples.tolist() != [len(part) for part in y] or not samples.all():
        raise ValueError(f"{samples.tolist()} inputs and {[len(part) for part in y]} targets must be as many, not none")
    if isinstance(batch_size, bool) or not hasattr(batch_size, "__index__") or batch_size < 1 or (passes < 0).any():
        raise ValueError(
            f"batch_size {batch_size!r} must be at least 1, a whole number, epochs {passes.tolist()} not negative"
        )


def _check_finite(what: str, values: Tensor, members: Tensor, epochs: Tensor, seeds: Sequence[int], lr: float) -> None:
    bad = ~values.isfinite()
    if bad.any():
        names = members[bad].tolist()
        raise FloatingPointError(
            f"the {what} of member {names} (seed {[seeds[i] for i in names]}) is not finite in epoch "
            f"{int(epochs[bad].min())}: lower lr={lr} or look for bad values in the data"
        )
