"""What a model is for, where that is something else than one prediction for a whole record.

It is told by the class that ``config.json`` names, whose name ends in what its head does, or by its
family where all of it does one thing.
"""

import re

from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.texts import N_, _

_SEGMENTATION = N_(
    "It marks the regions of an image (segmentation, “{name}”), and scores are of models with one "
    "prediction for a whole record."
)
_DETECTION = N_(
    "It finds objects in an image (detection, “{name}”), and scores are of models with one prediction "
    "for a whole record."
)
_BY_CLASS = (
    (re.compile(r"Segmentation$|^Sam\d?(Hq)?Model$"), _SEGMENTATION),
    (re.compile(r"Detection$"), _DETECTION),
    (
        re.compile(
            r"CausalLM$|LMHeadModel$|ConditionalGeneration$|Seq2Seq(LM)?$|Vision2Seq$|TextToText$|CTC$"
            r"|EncoderDecoderModel$"
        ),
        N_(
            "It writes texts (generation, “{name}”), and scores are of models with one prediction for "
            "a whole record."
        ),
    ),
    (
        re.compile(
            r"MaskedLM$|PreTraining$|MaskedImageModeling$|NextSentencePrediction$|ForMultipleChoice$"
        ),
        N_(
            "It was trained to fill in what is left out, or as a beginning for other models "
            "(“{name}”), and scores are of models with one prediction for a whole record."
        ),
    ),
    (
        re.compile(r"TokenClassification$|QuestionAnswering$"),
        N_(
            "It predicts something for each word or place of a text (“{name}”), and scores are of "
            "models with one prediction for a whole record."
        ),
    ),
    (
        re.compile(r"DepthEstimation$|PoseEstimation$|ImageToImage$|SuperResolution$|Matching$"),
        N_(
            "It predicts something for each place of an image (“{name}”), and scores are of models "
            "with one prediction for a whole record."
        ),
    ),
    (
        re.compile(r"Model$|Backbone$|Encoder$|Projection$"),
        N_(
            "It returns features and predicts nothing (“{name}”): the part that tells classes apart is "
            "missing."
        ),
    ),
)
_BY_FAMILY = {
    **dict.fromkeys(
        "conditional_detr d_fine deformable_detr deta detr grounding-dino mm-grounding-dino "
        "omdet-turbo owlv2 owlvit rt_detr rt_detr_v2 table-transformer yolos".split(),
        _DETECTION,
    ),
    **dict.fromkeys(
        "clipseg eomt mask2former maskformer oneformer sam sam2 sam_hq seggpt upernet".split(),
        _SEGMENTATION,
    ),
}


def why_of_another_kind(config: JsonObject, classifiers: tuple[str, ...]) -> str | None:
    """Say why a model is none with one prediction for a whole record; None where nothing says so.

    Parameters
    ----------
    config : dict
        Its ``config.json``.
    classifiers : tuple of str
        The classes that its family has for it; empty for a family that is not known.

    Returns
    -------
    str or None
        A sentence.
    """
    stated = config.get("architectures")
    names = [name for name in stated if isinstance(name, str)] if isinstance(stated, list) else []
    family = config.get("model_type")
    if not names:
        why = _BY_FAMILY.get(family) if isinstance(family, str) else None
        return None if why is None else _(why, name=family)
    if set(names) & set(classifiers):
        return None
    name = names[0][:80]
    for pattern, why in _BY_CLASS:
        if pattern.search(name):
            return _(why, name=name)
    if not classifiers:
        return None
    return _(
        "Its config.json names the architecture “{name}”; of this family, {known} can be scored.",
        name=name,
        known=", ".join(classifiers),
    )
