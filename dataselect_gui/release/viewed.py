"""Whether a claim rests on what was seen of the records, as the receiver's check works it out."""

from dataselect_gui.release.terms import Terms


def rests_on_a_view(terms: Terms) -> bool:
    """Say whether a threshold or a rule that the draw needs is not stated as a public one."""
    needs_rule = "threshold" in terms.mechanism.takes or terms.kind.goes_by_rule
    if terms.mechanism.epsilon is None or not needs_rule:
        return False
    if terms.rule is not None:
        return terms.rule.source == "viewed" or terms.rule.rule is None
    cut = terms.cut
    return cut is None or cut.by != "threshold" or cut.source == "viewed" or cut.threshold is None


def rests_on_late_marks(terms: Terms) -> bool:
    """Say whether which records left, now or earlier, or how they are labelled, was chosen late."""
    left_before = terms.after_marked and terms.mechanism.epsilon is not None
    return terms.marks in {"viewed", "chosen"} or left_before or terms.relabelled
