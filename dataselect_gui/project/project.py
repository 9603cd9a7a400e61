"""A project: a folder ``NAME.dataselect`` with its settings and one table of records and scores.

``project.json`` names the table in force. A new table is written whole beside the old one before
the settings point at it, so that a crash leaves one or the other. A file of its own says of which
table the ledger knows that its scores are shown: that may happen while another process holds the
project.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from msgspec import UNSET

from dataselect_gui import __version__
from dataselect_gui.errors import UnusableError
from dataselect_gui.permissions import FILE_MODE, check_above, close_folder, make_folder
from dataselect_gui.project.demo import check_demo
from dataselect_gui.project.files import write_atomically, write_json
from dataselect_gui.project.following import followed, followed_labels, followed_units
from dataselect_gui.project.settings import (
    FORMAT,
    Conditions,
    KeptCheckpoint,
    ProjectSettings,
    StoredCheckpoint,
    StoredSource,
    read_settings,
    written,
)
from dataselect_gui.project.table import Index, Table
from dataselect_gui.texts import _

SUFFIX = ".dataselect"
_SETTINGS = "project.json"
_SHOWN = "scores-shown"
LOCK_SECONDS = 30
MOMENT_SECONDS = 1.0
"""How long a person who pressed a button may be kept waiting."""
# The settings go last: until then it is still a project, and deleting it can be tried again.
_OWN_FILES = (
    "table-[0-9]*",
    "hashes-*",
    ".sum-*",
    ".maps-*",
    ".in-hand",
    ".*.partial*",
    _SHOWN,
    _SETTINGS,
    ".lock",
)


class Project:
    """One owner's work.

    Attributes
    ----------
    folder : Path
        Where it lies.
    settings : ProjectSettings
        What ``project.json`` holds: source, checkpoint, answers, rule, withheld ids.
    """

    def __init__(self, folder: Path, settings: ProjectSettings) -> None:
        self.folder = folder
        self.settings = settings

    @classmethod
    def open(cls, folder: Path) -> "Project":
        """Open an existing project, closed to other accounts.

        Raises
        ------
        UnusableError
            Where there is none, its settings cannot be read, or other accounts may change it.
        """
        try:
            settings = read_settings((folder / _SETTINGS).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise UnusableError(
                _("“{name}” is not a project.", name=folder.name),
                _("It has no {file}.", file=_SETTINGS),
                _("Choose a folder that scoring made; its name ends in {suffix}.", suffix=SUFFIX),
            ) from None
        except (OSError, ValueError):
            settings = None
        close_folder(folder, own_files(folder))
        if settings is None:
            raise UnusableError(
                _("The project “{name}” cannot be opened.", name=folder.name),
                _("Its settings are damaged, or come from a newer version of the program."),
                _("Update the program, or score the source again into a new project."),
            )
        return cls(folder, settings)

    @classmethod
    def create(
        cls,
        folder: Path,
        source: StoredSource,
        checkpoint: StoredCheckpoint,
        *,
        demo: bool = False,
    ) -> "Project":
        """Start a project in a folder that is empty or not there.

        Parameters
        ----------
        folder : Path
            Where.
        source : StoredSource
            The records that it is about.
        checkpoint : StoredCheckpoint
            What the consortium shares.
        demo : bool
            Whether it is the demo's, with a ledger of its own beside it.

        Raises
        ------
        UnusableError
            Where the folder holds anything else, cannot be written, or other accounts may change it.
        """
        check_above(folder)
        try:
            make_folder(folder)
            strangers = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
            if strangers:
                raise UnusableError(
                    _("“{name}” cannot become a project.", name=folder.name),
                    _("It holds other files."),
                    _("Name another folder, or one that is not there yet."),
                )
            close_folder(folder, own_files(folder))
            project = cls(
                folder,
                ProjectSettings(
                    format=FORMAT,
                    program=__version__,
                    source=source,
                    checkpoint=checkpoint,
                    demo=demo,
                    table=None,
                    scores={},
                    in_training=None,
                    rule=None,
                    withheld=[],
                    notes_views=True,
                ),
            )
            project.save()
        except OSError as error:
            raise cannot_write(folder, error) from None
        return project

    def save(self) -> None:
        """Write the settings."""
        write_json(self.folder / _SETTINGS, written(self.settings))

    @property
    def was_shown(self) -> bool:
        """Whether scores of it were shown, of the records that it lists now or of earlier ones."""
        return (self.folder / _SHOWN).exists()

    @property
    def is_view_noted(self) -> bool:
        """Whether a ledger knows that scores of all records that it lists now are shown."""
        return self._shown()[0] == self.settings.table

    @property
    def first_shown_in(self) -> str:
        """The account in whose ledger the first view was noted; empty where that is not known."""
        return self._shown()[1]

    def mark_view_noted(self, account: str) -> None:
        """Keep that the ledger knows of a view of the scores, whoever holds the project.

        Parameters
        ----------
        account : str
            The source's account: a project may come to a machine with another ledger.

        Raises
        ------
        UnusableError
            Where the folder cannot be written: then no score may be shown.
        """
        first = self.first_shown_in if self.was_shown else account
        try:
            write_atomically(self.folder / _SHOWN, f"{self.settings.table or ''} {first}")
        except OSError as error:
            raise cannot_write(self.folder, error) from None

    def _shown(self) -> tuple[str, str]:
        with suppress(OSError, ValueError):
            table, account = (self.folder / _SHOWN).read_text(encoding="utf-8").split(" ")
            return table, account
        return "", ""

    @contextmanager
    def exclusive(self, patience: float | None = None) -> Iterator[None]:
        """Hold the project for writing, with its settings as they are on disk now.

        Parameters
        ----------
        patience : float or None
            How long to wait for another process that holds it, in seconds; None for as long as a
            worker may take to stop.

        Raises
        ------
        UnusableError
            Where another process holds it for longer than that.
        """
        seconds = LOCK_SECONDS if patience is None else patience
        try:
            with FileLock(self.folder / ".lock", timeout=seconds, mode=FILE_MODE):
                self.settings = Project.open(self.folder).settings
                yield
        except Timeout:
            raise UnusableError(
                _("The project “{name}” is in use.", name=self.folder.name),
                _("Another process is writing to it."),
                _("Wait until it has finished, or stop it."),
            ) from None

    @property
    def scores(self) -> dict[str, Conditions]:
        """How the scores by the project's checkpoint are computed, by their names; can be added to."""
        return self.settings.scores.setdefault(self.settings.checkpoint.digest, {})

    def switch(self, checkpoint: StoredCheckpoint) -> None:
        """Make another checkpoint the project's own; held by the caller.

        Scores, selection and answers by the former one are kept, those by the new one are taken up
        again; where it has none, there is no selection, and nothing is answered.
        """
        settings = self.settings
        if settings.table is not None:
            self.table.settle_problems()
        others, own = settings.other_checkpoints, settings.checkpoint
        others[own.digest] = KeptCheckpoint(
            own.path,
            settings.in_training,
            settings.rule,
            settings.ended_by,
            settings.reference_in_training,
            settings.decision,
        )
        kept = others.pop(checkpoint.digest, KeptCheckpoint(checkpoint.path))
        settings.checkpoint, settings.in_training = checkpoint, kept.in_training
        settings.rule, settings.ended_by = kept.rule, list(kept.ended_by)
        settings.reference_in_training = kept.reference_in_training
        settings.decision = kept.decision
        self.save()

    @property
    def table(self) -> Table:
        """The records and their scores by the project's checkpoint.

        Raises
        ------
        UnusableError
            Where nothing was scored yet, or the demo's project holds other records.
        """
        name = self.settings.table
        if name is None or not (self.folder / name).is_dir():
            raise UnusableError(
                _("The project “{name}” has no scores.", name=self.folder.name),
                _("Scoring was stopped before it read the records.")
                if name is None
                else _("The folder that held them is not there."),
                _("Score the records again."),
            )
        table = Table(
            self.folder / name,
            self.settings.checkpoint.digest,
            self.settings.loose_scores or None,
            self.settings.relabelled,
            self.settings.scored_as,
        )
        self.check_records(table.own)
        return table

    def check_records(self, index: Index) -> None:
        """Refuse records that this project may not hold: the demo's takes the demo's alone.

        Raises
        ------
        UnusableError
            Where these are others.
        """
        if self.settings.demo:
            check_demo(self.folder.name, index)

    def update_index(self, index: Index) -> Table:
        """Make the table list these records, keeping the scores of those that did not change.

        What is withheld stays so, who opted out, and what the owner labelled otherwise, under whatever
        ids they are listed now. Scores that depend on a label that is another one now are not kept.

        Raises
        ------
        UnusableError
            Where this is the demo's project, and these are not its records.
        """
        self.check_records(index)
        earlier = None if self.settings.table is None else self.table
        for left in self.folder.glob("table-*"):  # By a run that was killed while it replaced one.
            if earlier is None or left != earlier.folder:
                shutil.rmtree(left, ignore_errors=True)
        if earlier is not None and earlier.own.same_as(index) and not earlier.stale.any():
            return earlier
        number = 1 if earlier is None else int(earlier.folder.name.removeprefix("table-")) + 1
        folder = self.folder / f"table-{number}"
        if earlier is not None and not earlier.own.same_as(index):
            self._follow(earlier.own, index)
        relabelled = self.settings.relabelled
        table = Table.create(folder, index, self.settings.checkpoint.digest, earlier, relabelled)
        self.settings.table, self.settings.scored_as = folder.name, dict(relabelled)
        self.settings.loose_scores = UNSET
        self.save()
        if earlier is not None:
            shutil.rmtree(earlier.folder, ignore_errors=True)
        return table

    def _follow(self, old: Index, new: Index) -> None:
        settings = self.settings
        settings.account = None  # The records are others: they claim it anew.
        settings.withheld = followed(settings.withheld, old, new)
        settings.opted_out = followed_units(settings.opted_out, old, new)
        settings.relabelled = followed_labels(settings.relabelled, old, new)

    @property
    def withheld(self) -> set[str]:
        """The ids that the owner withholds."""
        return set(self.settings.withheld)

    @property
    def opted_out(self) -> set[str]:
        """The units that registers name: none of their records is eligible, now or later."""
        return set(self.settings.opted_out)

    def own_files(self) -> list[Path]:
        """Return what the program wrote into the folder, the settings last."""
        return own_files(self.folder)

    def delete(self) -> bool:
        """Delete all that the program wrote into the folder: settings and scores.

        Returns
        -------
        bool
            Whether the folder is gone; it stays where somebody put other files into it.
        """
        for path in self.own_files():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        try:
            self.folder.rmdir()
        except OSError:
            return False
        return True


def own_files(folder: Path) -> list[Path]:
    """Return what the program wrote into a project's folder, the settings last."""
    return [path for pattern in _OWN_FILES for path in sorted(folder.glob(pattern))]


def cannot_write(folder: Path, error: OSError) -> UnusableError:
    """Return the error for a folder that cannot be written."""
    return UnusableError(
        _("“{name}” cannot be written.", name=folder.name),
        error.strerror or _("The disk refused."),
        _("Choose another place, or make room there."),
    )
