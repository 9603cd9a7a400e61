"""What the terminal says of a release and of the ledger."""

from typing import Any

from dataselect_gui import workflow
from dataselect_gui.release.bundle import digest_of


def release_in_words(done: workflow.Released) -> str:
    """Say what became of a release, or what it would come to."""
    spent = f"Spent so far: ε {done.spent}; left: {'–' if done.left is None else done.left}."
    if done.preview is not None:
        return "\n".join(["Nothing was drawn.", *_preview_in_words(done.preview), spent])
    lines = [f"{'The same release again, at no cost' if done.repeated else 'Released'}: {done.bundle}"]
    if done.epsilon is not None:
        lines.append(f"ε {done.epsilon} for each unit; README.md in it says what that covers.")
    elif done.conditional:
        lines.append("Conditional: no ε is claimed, since the threshold depends on the records.")
    else:
        lines.append("No protection: every selected record left.")
    return "\n".join([*lines, spent, f"Digest, to send separately: {digest_of(done.bundle)}"])


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


def statement_in_words(one: dict[str, Any]) -> str:
    """Write a statement of account."""
    lines = [
        f"Ledger {one['id']}",
        f"  Budget: ε {one['budget'] or 'not set'}. Spent: {one['total_plain']}. "
        f"Left: {one['left'] or '–'}.",
        f"  Of the one-sided releases only the largest counts: ε {one['one_sided']}.",
        f"  The others together, composed as privacy loss distributions: ε {one['total_pld']:.4g} at "
        f"δ {one['delta']}, or ε {one['total_pld_loose']:.4g} at δ {one['delta_loose']}.",
    ]
    if one["exact_releases"]:
        noun = "release" if one["exact_releases"] == 1 else "releases"
        lines.append(
            f"  {one['exact_releases']} {noun} had no protection; these totals do not cover them."
        )
    for entry in one["entries"]:
        when = f"{entry['seq']:>4} {entry['date']}"
        lines.append(f"  {when}  {entry.get('epsilon', ''):<6} {_entry_in_words(entry)}")
    return "\n".join(lines)


def _entry_in_words(entry: dict[str, Any]) -> str:
    terms, reason = entry.get("terms") or {}, entry.get("reason")
    release = entry.get("release", "")
    match entry["kind"]:
        case "opened":
            text = "The ledger of these records was opened"
        case "joined":
            text = f"Joined with ledger {entry['account']}, which shares records or people"
        case "budget":
            text = "Budget set"
        case "training":
            text = f"Training under differential privacy used these records (δ {entry['delta']})"
        case "reserved" if "threshold_of" in entry:
            text = f"Threshold {release} of {entry['threshold_of']} bought"
        case "reserved":
            claim = "" if "epsilon" in entry else ", no protection"
            claim = ", none claimed" if terms.get("conditional") else claim
            text = (
                f"Release {release}: {terms.get('kind')} by {terms.get('mechanism')}, "
                f"{terms.get('score')}{claim}"
            )
        case "drawn":
            text = f"Release {release} was drawn"
        case "published":
            text = f"Release {release} was written"
        case kind:
            text = kind
    return f"{text}: {reason}" if reason else text
