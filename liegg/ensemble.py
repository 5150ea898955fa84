"""Many networks of one shape trained as one batched computation, each exactly as it would train alone."""

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap


def train(
    models: Sequence[nn.Module],
    x: Tensor,
    y: Tensor,
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    seeds: Sequence[int],
    epochs: int,
    batch_size: int,
    lr: float,
    weight_decay: float = 0.0,
    anneal: bool = False,
    score: Callable[[Tensor, Tensor], Tensor] | None = None,
    validation: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Train M networks of one shape with Adam, in place; returns the mean loss of each epoch, (epochs, M).

    models       M modules of equal shape; x, y: the data of each, (M, N, ...), expanded where it is shared
    loss         (outputs, targets) of one member's batch -> its mean loss
    seeds        M numbers: each member's order of the data
    anneal       lower the learning rate to zero along half a cosine, epoch by epoch
    score        with `validation`, its (x, y) as above: after each epoch score(outputs, targets) is computed and each
                 member ends with the weights of its best epoch, not of the last

    Trains on a GPU where there is one; the models stay where they are. Raises FloatingPointError when a member's loss
    is no longer finite, naming the member.
    """
    if not len(models) == len(seeds) == len(x) == len(y):
        raise ValueError(f"{len(models)} models, {len(seeds)} seeds and data for {len(x)} and {len(y)} must be as many")
    members, samples = x.shape[:2]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x, y = x.to(device), y.to(device)
    validation = validation and tuple(part.to(device) for part in validation)
    state, buffers = stack_module_state(list(models))
    state = {name: weights.detach().to(device).requires_grad_() for name, weights in state.items()}
    buffers = {name: values.to(device) for name, values in buffers.items()}
    skeleton = copy.deepcopy(models[0]).to("meta")
    optimizer = torch.optim.Adam(state.values(), lr=lr, weight_decay=weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, epochs)) if anneal else None
    orders = [torch.Generator().manual_seed(seed) for seed in seeds]
    rows = torch.arange(members)[:, None]
    best = {"score": torch.full((members,), -torch.inf), **{k: v.detach().clone() for k, v in state.items()}}

    def outputs(weights: dict, stored: dict, x: Tensor) -> Tensor:
        return functional_call(skeleton, (weights, stored), (x,))

    step_loss = vmap(lambda w, b, x, y: loss(outputs(w, b, x), y), randomness="different")
    evaluate = vmap(lambda w, b, x, y: score(outputs(w, b, x), y))
    history = torch.zeros(epochs, members)
    for epoch in range(epochs):
        order = torch.stack([torch.randperm(samples, generator=g) for g in orders])
        for batch in order.split(batch_size, dim=1):
            losses = step_loss(state, buffers, x[rows, batch], y[rows, batch])
            optimizer.zero_grad()
            losses.sum().backward()
            optimizer.step()
            history[epoch] += losses.detach().cpu() * batch.shape[1] / samples
        if not history[epoch].isfinite().all():
            bad = (~history[epoch].isfinite()).nonzero().flatten().tolist()
            raise FloatingPointError(
                f"the loss of member {bad} (seed {[seeds[i] for i in bad]}) is not finite in epoch {epoch + 1}: "
                f"lower lr={lr} or look for bad values in the data"
            )
        if schedule:
            schedule.step()
        if validation is not None:
            with torch.no_grad():
                scores = evaluate(state, buffers, *validation).cpu()
            better = scores > best["score"]
            for name, now in {"score": scores, **state}.items():
                best[name][better] = now.detach()[better]
    final = state if validation is None else best
    for i, model in enumerate(models):
        model.load_state_dict({k: final[k][i].detach() for k in state}, strict=False)
    return history
