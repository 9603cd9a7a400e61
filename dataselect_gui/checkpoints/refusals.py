"""What a person is told of a file or folder that is no checkpoint, or a damaged one."""

from collections.abc import Sequence
from pathlib import Path

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _

PICKLES = frozenset({".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib"})


def refused_file(path: Path) -> UnusableError:
    """Return the error for a file that is no checkpoint."""
    if path.suffix.lower() in PICKLES:
        return UnusableError(
            _("“{name}” is refused.", name=path.name),
            _("It is a pickle or a TorchScript program: opening it could do anything to this machine."),
            _(
                "Ask for safetensors (model.save_pretrained(folder, safe_serialization=True)), "
                "or for a .pt2 file (torch.export.save(torch.export.export(model, (example,)), "
                "'model.pt2'))."
            ),
        )
    if path.suffix.lower() == ".safetensors":
        return UnusableError(
            _("“{name}” alone is not a checkpoint.", name=path.name),
            _("It holds the weights of a model; what they are is said by config.json beside it."),
            _("Choose the folder that it is in."),
        )
    return UnusableError(
        _("“{name}” is not a checkpoint.", name=path.name),
        _(
            "A checkpoint is a Hugging Face folder (config.json with model.safetensors), a "
            "folder of checkpoint-<step> folders, or a .pt2 file."
        ),
        _("Choose one of these."),
    )


def nothing_found(folder: Path) -> UnusableError:
    """Return the error for a folder without a checkpoint."""
    pickled = [path for path in folder.iterdir() if path.suffix.lower() in PICKLES]
    if pickled:
        return refused_file(pickled[0])
    others = sorted(p.name for p in folder.iterdir() if p.suffix.lower() == ".safetensors")
    if others:
        return UnusableError(
            _("“{name}” holds no checkpoint.", name=folder.name),
            _(
                "Its weights are looked for in {wanted}, and what it holds is called “{other}”.",
                wanted="model.safetensors",
                other=others[0],
            ),
            _("Ask the consortium for the folder as save_pretrained writes it."),
        )
    return UnusableError(
        _("“{name}” holds no checkpoint.", name=folder.name),
        _(
            "There is no config.json with model.safetensors, no checkpoint-<step> folder and no .pt2 "
            "file in it."
        ),
        _("Choose the folder that the consortium shared."),
    )


def no_config(folder: Path, config: str) -> UnusableError:
    """Return the error for a folder of weights without their ``config.json``."""
    others = [path.name for path in folder.iterdir() if path.name.lower() == config]
    return UnusableError(
        _("“{name}” has no {config}.", name=folder.name, config=config),
        _(
            "Without it, the architecture of the model is not known; “{other}” is not read.",
            other=others[0],
        )
        if others
        else _("Without it, the architecture of the model is not known."),
        _("Ask the consortium for the whole folder."),
    )


def has_adapter(folder: Path, file: str) -> UnusableError:
    """Return the error for a folder with an adapter of the PEFT library."""
    return UnusableError(
        _("“{folder}” holds an adapter, “{file}”.", folder=folder.name, file=file),
        _(
            "An adapter changes the model that it is used with, but only in programs that have the "
            "PEFT library: the same files would be two models. Adapters are not scored."
        ),
        _(
            "Ask the consortium for the merged model, in a folder of its own "
            "(model.merge_and_unload().save_pretrained(folder))."
        ),
    )


def damaged(path: Path, why: str) -> UnusableError:
    """Return the error for a file of a checkpoint that is not as it should be."""
    return UnusableError(
        _("“{name}” of the checkpoint is damaged.", name=path.name),
        why,
        _("Fetch the checkpoint again; where it is the same then, ask the consortium to mend it."),
    )


def unusable_tokenizer(why: str) -> UnusableError:
    """Return the error for a tokenizer that is not read here."""
    return UnusableError(
        _("The checkpoint's tokenizer cannot be used."),
        why,
        _(
            "Ask the consortium for the folder as tokenizer.save_pretrained writes it, with a "
            "tokenizer.json."
        ),
    )


def not_one_model(path: Path, folder: Path, differs: Sequence[str]) -> UnusableError:
    """Return the error for a series of which a member differs from the final state."""
    differences = ", ".join(differs) or _("its form")
    return UnusableError(
        _("The series in “{name}” is not one model.", name=path.name),
        _(
            "“{name}” differs from the final state in {differences}.",
            name=folder.name,
            differences=differences,
        ),
        _("Ask the consortium for the checkpoints of one training run."),
    )


def needs_code(folder: Path, config: str) -> UnusableError:
    """Return the error for a model whose configuration names code that comes with it."""
    return UnusableError(
        _("“{name}” needs program code of its own.", name=folder.name),
        _(
            "Its {config} names code that comes with the model (auto_map); such code could "
            "do anything to this machine and is never run.",
            config=config,
        ),
        _("Ask the consortium for a .pt2 file made with torch.export: it holds a graph, no code."),
    )
