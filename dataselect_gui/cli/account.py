"""What the terminal says of a release and of the ledger."""

from dataselect_gui import workflow
from dataselect_gui.release.bundle import digest_of


def release_in_words(done: workflow.Released) -> list[str]:
    """Say what became of a release, or what it would come to."""
    spent = f"Spent so far: ε {done.spent}; left: {'–' if done.left is None else done.left}."
    if done.preview is not None:
        return ["Nothing was drawn.", *_preview_in_words(done.preview), spent]
    lines = [f"{'The same release again, at no cost' if done.repeated else 'Released'}: {done.bundle}"]
    if done.epsilon is not None:
        lines.append(f"ε {done.epsilon} for each unit; README.md in it says what that covers.")
    elif done.conditional:
        lines.append("Conditional: no ε is claimed, since the threshold depends on the records.")
    else:
        lines.append("No protection: every selected record left.")
    return [*lines, spent, f"Digest, to send separately: {digest_of(done.bundle)}"]


def _preview_in_words(preview: workflow.Preview) -> list[str]:
    lines = ["What would leave:"]
    lines += [f"  {one['file']}, {one['field']}: {one['what']}" for one in preview.leaves]
    lines += ["How:", f"  {preview.mechanism}", "What would be promised:", f"  {preview.promise}"]
    lines += ["Not protected:", *(f"  {item}" for item in preview.not_protected)]
    if preview.same:
        lines.append("It is an earlier release again, at no cost.")
    else:
        after = "" if preview.left_after is None else f", and leave {preview.left_after}"
        lines.append(f"It would cost ε {preview.cost}{after}.")
        if preview.nearest is not None:
            lines.append("The most similar earlier release differs in:")
            lines += [f"  {k}: {then}, now {now}" for k, (then, now) in preview.nearest.items()]
    lines += _usefulness_in_words(preview.usefulness)
    return lines


def _usefulness_in_words(expected: list[dict[str, float]]) -> list[str]:
    if not expected:
        return []
    if "width" in expected[0]:
        against = expected[0]["against"]
        return [
            f"Noise to expect (within, 95 times in 100), against an average of {against:,.3g}, by ε:",
            *(f"  {one['epsilon']:<6g} ± {one['width']:,.3g}" for one in expected),
        ]
    random = expected[0]["random"]
    return [
        "To expect, by ε: of 100 that leave so many are in the selection (a random pick: "
        f"{100 * random:.0f}), and of 100 in the selection so many leave (for noised scores: if scores "
        "were spread evenly between their bounds):",
        *(
            f"  {one['epsilon']:<6g} {100 * one['precision']:3.0f} {100 * one['recall']:3.0f}"
            for one in expected
        ),
    ]
