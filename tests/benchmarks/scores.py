"""What the other scores cost: VoG, PLIS and alignment, side by side with what they are held against.

    python -m tests.benchmarks.scores [--model NAME] [--rounds N] [--ordinary]

VoG is a ratio to a forward pass and the input's gradient at each of three checkpoints; PLIS and
alignment are ratios to one training step. Each model has a process of its own: for mobilenet, PLIS by
`torch.func` takes 9 GB.
"""

import argparse
import warnings

import torch
from torch import Tensor
from torch.func import functional_call, grad, jvp, vmap
from torch.nn import functional

from dataselect_gui.norms.cross_entropy import logit_gradients
from dataselect_gui.norms.gradient_norms import GradientNorms
from dataselect_gui.scoring.scores.vog import channel_mean, spread_of_gradients
from tests.benchmarks.models import WORKLOADS, Workload
from tests.benchmarks.norms import training_step
from tests.benchmarks.timing import (
    ORDINARY,
    Method,
    Run,
    as_in_the_worker,
    in_one_line,
    measured_apart,
    prepare,
    ratios,
)

CHECKPOINTS = 3
IMAGES = ("resnet-groupnorm", "resnet-groupnorm.pt2", "vit", "mobilenet")


def input_gradients(work: Workload) -> Run:
    """A forward pass and the gradient of the label's logit at the input, as often as checkpoints."""
    work.model.requires_grad_(requires_grad=False)

    def run() -> Tensor:
        for _ in range(CHECKPOINTS):
            inputs = work.inputs.clone().requires_grad_()
            chosen = work.model(inputs).gather(1, work.targets[:, None])
            (gradient,) = torch.autograd.grad(chosen.sum(), inputs)
        return gradient

    return run


def vog(work: Workload) -> Run:
    """VoG over so many checkpoints."""
    norms = GradientNorms(work.model)

    def gradient_map() -> Tensor:
        inputs, logits = norms.trace(work.inputs)
        chosen = torch.zeros_like(logits).scatter(1, work.targets[:, None], 1.0)
        (gradient,) = torch.autograd.grad(logits, inputs, chosen)
        return channel_mean(gradient)

    def run() -> Tensor:
        maps = [gradient_map() for _ in range(CHECKPOINTS)]
        return spread_of_gradients(maps, "std").flatten(start_dim=1).mean(dim=1)

    return run


def plis(work: Workload) -> Run:
    """PLIS, with the gradient norms that come with it."""
    norms = GradientNorms(work.model)

    def run() -> Tensor:
        done = norms.run(work.inputs, for_inputs=True, twice=True)
        return done.susceptibility(lambda logits: logit_gradients(logits, work.targets))[1]

    return run


def plis_by_function(work: Workload) -> Run:
    """PLIS as `torch.func` composes it."""
    parameters: dict[str, Tensor] = dict(work.model.named_parameters())

    def loss(parameters: dict[str, Tensor], record: Tensor, target: Tensor) -> Tensor:
        logits = functional_call(work.model, parameters, (record[None],))
        return functional.cross_entropy(logits, target[None])

    def norm(record: Tensor, target: Tensor) -> Tensor:
        gradients = grad(loss)(parameters, record, target)
        return torch.stack([g.square().sum() for g in gradients.values()]).sum().sqrt()

    each = vmap(grad(norm), chunk_size=16)

    def run() -> Tensor:
        gradients: Tensor = each(work.inputs, work.targets)
        return gradients

    return run


def alignment(work: Workload) -> Run:
    """Alignment alone."""
    norms = GradientNorms(work.model)
    direction = {name: torch.randn_like(p) for name, p in work.model.named_parameters()}

    def run() -> Tensor:
        done = norms.run(work.inputs)
        at_logits = logit_gradients(done.logits.detach(), work.targets)
        return done.measure(at_logits, direction, with_norms=False).products

    return run


def alignment_forward(work: Workload) -> Run:
    """Alignment by one pass in forward mode, as `torch.func` has it."""
    parameters = {name: p.detach() for name, p in work.model.named_parameters()}
    direction = {name: torch.randn_like(p) for name, p in parameters.items()}

    @torch.no_grad()
    def run() -> Tensor:
        def logits(moved: dict[str, Tensor]) -> Tensor:
            values_there: Tensor = functional_call(work.model, moved, (work.inputs,))
            return values_there

        pair: tuple[Tensor, Tensor] = jvp(logits, (parameters,), (direction,))  # type: ignore[assignment]
        values, change = pair
        products: Tensor = (change.double() * logit_gradients(values, work.targets)).sum(dim=1)
        return products

    return run


def norms_and_alignment(work: Workload) -> Run:
    """Gradient norms and alignment from the same passes."""
    norms = GradientNorms(work.model)
    direction = {name: torch.randn_like(p) for name, p in work.model.named_parameters()}

    def run() -> Tensor:
        done = norms.run(work.inputs)
        at_logits = logit_gradients(done.logits.detach(), work.targets)
        return done.measure(at_logits, direction).products

    return run


TO_GRADIENTS: dict[str, Method] = {"input gradients": input_gradients, "vog": vog}
TO_STEP: dict[str, Method] = {
    "step": training_step,
    "plis": plis,
    "plis by torch.func": plis_by_function,
    "alignment": alignment,
    "alignment by torch.func.jvp": alignment_forward,
    "norms and alignment": norms_and_alignment,
}


def measure(name: str, rounds: int) -> None:
    """Print the rows of one model."""
    warnings.filterwarnings("ignore")
    work = WORKLOADS[name]()
    for methods, to in ((TO_GRADIENTS, "input gradients"), (TO_STEP, "step")):
        ratio_of, _ = ratios(prepare(work, methods), rounds, to)
        print(f"{name}: {in_one_line(ratio_of)}", flush=True)


def main() -> None:
    """Print the table."""
    as_in_the_worker()
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", action="append", choices=IMAGES)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--alone", choices=IMAGES)
    parser.add_argument(ORDINARY, action="store_true")
    asked = parser.parse_args()
    if asked.alone:
        measure(asked.alone, asked.rounds)
        return
    print(f"{torch.get_num_threads()} threads", flush=True)
    for name in asked.model or IMAGES:
        measured_apart(name, "--rounds", str(asked.rounds), *[ORDINARY] * asked.ordinary)


if __name__ == "__main__":
    main()
