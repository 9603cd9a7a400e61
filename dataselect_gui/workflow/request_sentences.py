"""A request in words: what the consortium asks for, key by key, and what its calibration says."""

from dataselect_gui.checkpoints.calibration import Calibration, ScoreThresholds
from dataselect_gui.checkpoints.request import TRAINING, Request
from dataselect_gui.scoring.catalog import spoken_name
from dataselect_gui.texts import _, ngettext

_MOST_LISTED = 12


def request_words(request: Request) -> list[str]:
    """Return what a request says, as sentences; unknown keys last."""
    sentences = [
        _training(request),
        _("It predicts {task}.", task=request.task) if request.task is not None else "",
        _selection(request),
        _(
            "A direction for alignment lies in “{file}”.",
            file=request.direction,
        )
        if request.direction is not None
        else "",
        _(
            "The reference state of reducible_loss is “{name}”: whether your records helped to train "
            "it is a question of its own.",
            name=request.reference,
        )
        if request.reference is not None
        else "",
        _bounds(request),
        _(
            "Images of more than 8 bits have black at {black} and white at {white}.",
            black=request.pixel_range[0],
            white=request.pixel_range[1],
        )
        if request.pixel_range is not None
        else "",
        *([] if request.calibration is None else calibration_words(request.calibration)),
        _("Ask: {contact}", contact=request.contact) if request.contact is not None else "",
        _("Until: {deadline}", deadline=request.deadline) if request.deadline is not None else "",
        _("Not understood, and not used: {keys}.", keys=", ".join(sorted(request.unknown)))
        if request.unknown
        else "",
    ]
    return [sentence for sentence in sentences if sentence]


def calibration_words(calibration: Calibration, *, with_thresholds: bool = True) -> list[str]:
    """Return what a calibration says, as sentences; the thresholds need not be among them."""
    split = calibration.split
    lines = [
        _(
            "Calibrated on {rows:,} rows so that at most {alpha:g} of clean records are left out, on "
            "average over calibrations: {scores}.",
            rows=split.statistics + split.thresholds,
            alpha=calibration.alpha,
            scores=", ".join(map(spoken_name, calibration.scores)),
        )
    ]
    for name, thresholds in calibration.scores.items() if with_thresholds else ():
        lines += _threshold_words(name, thresholds)
    if calibration.features is not None:
        source = calibration.features.source
        lines.append(
            ngettext(
                "{count:,} of these rows gave means and covariance of features, {others:,} others the "
                "thresholds.",
                "{count:,} of these rows gave means and covariance of features, {others:,} others the "
                "thresholds.",
                calibration.features.rows,
                others=split.thresholds,
            )
            if source == "own"
            else ngettext(
                "Means and covariance of features are of {count:,} public row.",
                "Means and covariance of features are of {count:,} public rows.",
                calibration.features.rows,
            )
        )
    if calibration.directions is not None:
        lines.append(
            ngettext(
                "Directions of classes are of {count:,} row.",
                "Directions of classes are of {count:,} rows.",
                calibration.directions.rows,
            )
        )
    lines.append(_recall(calibration))
    match calibration.seen_in_training:
        case "no":
            lines.append(_("The model was not trained on these rows, as the consortium says."))
        case "compared":
            lines.append(_("None of the rows used is among the training's, byte for byte."))
        case "unknown":
            lines.append(_("Whether the model was trained on these rows is not known."))
    lines.append(_privacy(calibration))
    return [line for line in lines if line]


def threshold_table(calibration: Calibration) -> tuple[list[str], list[list[str]]]:
    """Return the numbers of a calibration by class: the titles of the columns, and the rows."""
    scores = calibration.scores
    titles = [_("Class"), _("Clean rows"), *scores, _("Recognised")]
    names = list(dict.fromkeys(name for each in scores.values() for name in each.classes))
    rows = []
    for name in names:
        by_score = [each.classes.get(name) for each in scores.values()]
        counts = {stated.count for stated in by_score if stated is not None}
        recall = calibration.recall.get(name)
        share = None if recall is None else recall.recall
        rows.append(
            [
                name,
                " / ".join(f"{count:,}" for count in sorted(counts)),
                *(
                    _("none")
                    if stated is None or stated.threshold is None
                    else f"≤ {stated.threshold:.4g}"
                    for stated in by_score
                ),
                "–" if share is None else f"{share:.0%}",
            ]
        )
    return titles, rows


def _threshold_words(name: str, thresholds: ScoreThresholds) -> list[str]:
    shown = [
        _("{name}: {threshold:.6g} ({count:,} rows)", name=c, threshold=t.threshold, count=t.count)
        if t.threshold is not None
        else _("{name}: none ({count:,} rows)", name=c, count=t.count)
        for c, t in list(thresholds.classes.items())[:_MOST_LISTED]
    ]
    more = len(thresholds.classes) - len(shown)
    if more > 0:
        shown.append(_("{more:,} more", more=more))
    return [
        _(
            "{score}, at α = {alpha:g}: {classes}.",
            score=spoken_name(name),
            alpha=thresholds.alpha,
            classes="; ".join(shown),
        )
    ]


def _recall(calibration: Calibration) -> str:
    known = [(n, r.recall) for n, r in calibration.recall.items() if r.recall is not None]
    if not known:
        return ""
    lowest = min(known, key=lambda pair: pair[1])
    mean = sum(recall for _name, recall in known) / len(known)
    return _(
        "The model recognises {mean:.0%} of a class on average; of {name}, the least, {least:.0%}.",
        mean=mean,
        name=lowest[0],
        least=lowest[1],
    )


def _privacy(calibration: Calibration) -> str:
    privacy = calibration.privacy
    if privacy is None:
        return _("Nothing protects the consortium's rows.")
    parts = ", ".join(f"{query.what}: ε = {query.epsilon:g}" for query in privacy.queries)
    claim = (
        _("ε = {epsilon:g}", epsilon=privacy.epsilon)
        if not privacy.delta
        else _("ε = {epsilon:g}, δ = {delta:g}", epsilon=privacy.epsilon, delta=privacy.delta)
    )
    return _(
        "The consortium's rows are protected at {claim}, where one is replaced, its label included "
        "({parts}). With a confidence of {confidence:.0%} no noise lowered a threshold; α holds with "
        "all of it.",
        claim=claim,
        parts=parts,
        confidence=privacy.confidence,
    )


def _training(request: Request) -> str:
    stated = [f"{key} = {request.stated[key]}" for key in TRAINING if key in request.stated]
    if request.epsilon is not None:
        stated.append(f"epsilon = {request.epsilon}")
    return _("Its training by DP-SGD: {stated}.", stated=", ".join(stated)) if stated else ""


def _selection(request: Request) -> str:
    if request.score is None:
        return ""
    if request.threshold is not None:
        return _(
            "It asks for records whose {score} is at or above {threshold}.",
            score=spoken_name(request.score),
            threshold=request.threshold,
        )
    if request.count is not None:
        return ngettext(
            "It asks for the {count:,} record with the highest {score}.",
            "It asks for the {count:,} records with the highest {score}.",
            request.count,
            score=spoken_name(request.score),
        )
    return _("It asks for a selection by {score}.", score=spoken_name(request.score))


def _bounds(request: Request) -> str:
    pairs = [f"{spoken_name(name)} [{low:g}, {high:g}]" for name, (low, high) in request.bounds.items()]
    return _("Public bounds: {bounds}.", bounds=", ".join(pairs)) if pairs else ""
