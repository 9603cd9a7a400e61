"""Save the owner's tables and charts from the window. They are for the owner alone, and no releases."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dataselect_gui import workflow
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.widgets.notice import Message
from dataselect_gui.window.widgets.opening import open_path
from dataselect_gui.window.widgets.plain import choose_place
from dataselect_gui.workflow import JobContext, JobKind

if TYPE_CHECKING:
    from dataselect_gui.window.shell.main_window import MainWindow

_ENDINGS = (".csv", ".parquet")


def export_scores(window: "MainWindow") -> None:
    """Ask where to, and save all scores there."""
    _export(window, _("Save your own copy of the scores"), "scores.csv", workflow.export_scores)


def export_selection(window: "MainWindow") -> None:
    """Ask where to, and save the list of the selection there."""
    title = _("Save your own list of the selection")
    _export(window, title, "selection.csv", workflow.export_selection)


def _export(
    window: "MainWindow", title: str, proposed: str, export: Callable[[Path, Path], int]
) -> None:
    look = window.state.look
    if look is None or window.jobs.running:
        return
    kinds = ";;".join((_("Tables (*.csv)"), _("Parquet tables (*.parquet)")))
    chosen = choose_place(window, title, proposed, kinds)
    if chosen is None:
        return
    to = chosen if chosen.suffix else chosen.with_suffix(_ENDINGS[0])
    folder = look.folder

    def work(context: JobContext) -> int:
        del context
        return export(folder, to)

    def saved(count: int) -> None:
        window.notice.show_message(_saved(to, count))

    window.jobs.start(JobKind.EXPORT, work, saved, window.show_error)


def _saved(to: Path, count: int) -> Message:
    def show() -> None:
        open_path(to.parent)

    return Message(
        ngettext(
            "{count:,} record is in “{name}”.",
            "{count:,} records are in “{name}”.",
            count,
            name=to.name,
        ),
        _("This is your own copy. No privacy promise covers it: keep it on this machine."),
        actions=((_("Open folder"), show),),
        role="stay",
    )
