"""What per-sample gradient norms cost, as a ratio to one training step, side by side.

    python -m tests.benchmarks.norms [--model NAME] [--method NAME] [--rounds N] [--ordinary]

All methods take turns on the same batch; medians are printed. All run in the worker's environment,
which helps Opacus as much, or all in that of any Python program.
"""

import argparse
import statistics
import warnings

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from dataselect_gui.norms.cross_entropy import logit_gradients
from dataselect_gui.norms.gradient_norms import GradientNorms
from tests.benchmarks.models import WORKLOADS, Workload
from tests.benchmarks.timing import (
    ORDINARY,
    Method,
    Run,
    as_in_the_worker,
    in_one_line,
    prepare,
    ratios,
)


def training_step(work: Workload) -> Run:
    """One ordinary training step without the optimiser: what all ratios are to."""

    def run() -> Tensor:
        work.model.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(work.model(work.inputs), work.targets)
        loss.backward()
        return loss.detach()

    return run


def floor(work: Workload) -> Run:
    """Forward, and the gradient of activations only: what any exact norm needs."""

    def run() -> Tensor:
        inputs, handle = work.inputs, None
        work.model.requires_grad_(requires_grad=False)
        if inputs.is_floating_point():
            inputs = inputs.clone().requires_grad_()
        else:
            embedding = next(m for m in work.model.modules() if isinstance(m, nn.Embedding))
            handle = embedding.register_forward_hook(lambda _, __, output: output.requires_grad_())
        loss = functional.cross_entropy(work.model(inputs), work.targets)
        loss.backward()
        if handle is not None:
            handle.remove()
        work.model.requires_grad_()
        return loss.detach()

    return run


def forward_only(work: Workload) -> Run:
    """The logits alone."""

    @torch.no_grad()
    def run() -> Tensor:
        logits: Tensor = work.model(work.inputs)
        return logits

    return run


def ours(work: Workload) -> Run:
    """What this program does."""
    norms = GradientNorms(work.model)

    def run() -> Tensor:
        done = norms.run(work.inputs)
        return done.measure(logit_gradients(done.logits.detach(), work.targets)).squares.sqrt()

    return run


def per_sample_vmap(work: Workload) -> Run:
    """`torch.func`: a gradient for each record, then its norm."""
    parameters: dict[str, Tensor] = dict(work.model.named_parameters())

    def loss(parameters: dict[str, Tensor], record: Tensor, target: Tensor) -> Tensor:
        logits = functional_call(work.model, parameters, (record[None],))
        return functional.cross_entropy(logits, target[None])

    each = vmap(grad(loss), in_dims=(None, 0, 0))

    def run() -> Tensor:
        gradients = each(parameters, work.inputs, work.targets)
        squares = [g.flatten(start_dim=1).square().sum(dim=1) for g in gradients.values()]
        return torch.stack(squares).sum(dim=0).sqrt()

    return run


def loop(work: Workload) -> Run:
    """Plain autograd, one record at a time."""
    parameters = list(work.model.parameters())

    def run() -> Tensor:
        squares = []
        for record, target in zip(work.inputs, work.targets, strict=True):
            losses = functional.cross_entropy(work.model(record[None]), target[None])
            gradients = torch.autograd.grad(losses, parameters, allow_unused=True)
            squares.append(torch.stack([g.square().sum() for g in gradients if g is not None]).sum())
        return torch.stack(squares).sqrt()

    return run


def opacus_hooks(work: Workload) -> Run:
    """Opacus: a gradient for each record by hooks, then its norm."""
    from opacus import GradSampleModule

    model = GradSampleModule(work.model, loss_reduction="sum")
    model.train()

    def run() -> Tensor:
        model.zero_grad(set_to_none=True)
        functional.cross_entropy(model(work.inputs), work.targets, reduction="sum").backward()
        squares = [p.grad_sample.flatten(start_dim=1).square().sum(dim=1) for p in model.parameters()]
        for p in model.parameters():
            p.grad_sample = None
        return torch.stack(squares).sum(dim=0).sqrt()

    return run


def opacus_ghost(work: Workload) -> Run:
    """Opacus: ghost clipping, which stops at the norms."""
    from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import (
        GradSampleModuleFastGradientClipping,
    )

    model = GradSampleModuleFastGradientClipping(
        work.model, loss_reduction="sum", max_grad_norm=1.0, use_ghost_clipping=True
    )
    model.train()

    def run() -> Tensor:
        model.zero_grad(set_to_none=True)
        functional.cross_entropy(model(work.inputs), work.targets, reduction="sum").backward()
        norms: Tensor = model.get_norm_sample()
        return norms.detach()

    return run


METHODS: dict[str, Method] = {
    "step": training_step,
    "forward": forward_only,
    "floor": floor,
    "ours": ours,
    "ghost": opacus_ghost,
    "hooks": opacus_hooks,
    "vmap": per_sample_vmap,
    "loop": loop,
}


def main() -> None:
    """Print the table."""
    as_in_the_worker()
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", action="append", choices=WORKLOADS)
    parser.add_argument("--method", action="append", choices=METHODS)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(ORDINARY, action="store_true")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    chosen = {n: m for n, m in METHODS.items() if n == "step" or n in (asked.method or METHODS)}
    print(f"{torch.get_num_threads()} threads; ratios to one training step")
    ours = []
    for name in asked.model or WORKLOADS:
        work = WORKLOADS[name]()
        parameters = sum(p.numel() for p in work.model.parameters())
        ratio_of, step = ratios(prepare(work, chosen), asked.rounds, "step")
        size = f"{parameters / 1e6:.1f} M, step {1000 * step:.0f} ms"
        print(f"{name} ({size}): {in_one_line(ratio_of)}", flush=True)
        if "ours" in ratio_of:
            ours.append(ratio_of["ours"])
    if ours:
        mean = statistics.geometric_mean(ours)
        print(f"ours: geometric mean {mean:.3f}, most {max(ours):.2f}")


if __name__ == "__main__":
    main()
