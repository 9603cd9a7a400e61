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
    state = window.state
    look, eligible, chosen = state.look, state.eligible, state.selection.chosen
    if look is not None:
        title = _("Save your own copy of the scores")
        _export(
            window, title, "scores.csv", lambda to: workflow.export_scores(look, eligible, chosen, to)
        )


def export_selection(window: "MainWindow") -> None:
    """Ask where to, and save the list of the selection there."""
    look, chosen = window.state.look, window.state.selection.chosen
    if look is not None:
        title = _("Save your own list of the selection")
        _export(window, title, "selection.csv", lambda to: workflow.export_selection(look, chosen, to))


def _export(window: "MainWindow", title: str, proposed: str, export: Callable[[Path], int]) -> None:
    if window.jobs.running:
        return
    kinds = ";;".join((_("Tables (*.csv)"), _("Parquet tables (*.parquet)")))
    chosen = choose_place(window, title, proposed, kinds)
    if chosen is None:
        return
    to = chosen if chosen.suffix else chosen.with_suffix(_ENDINGS[0])

    def work(context: JobContext) -> int:
        del context
        return export(to)

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
        passes=True,
    )
