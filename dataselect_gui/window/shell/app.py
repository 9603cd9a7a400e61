"""Start the program's window."""

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from dataselect_gui import workflow
from dataselect_gui.window import faults, settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets import theme


def keep_qt_settings_private() -> None:
    """Keep the settings of Qt's dialogs, such as recent folders, beside the ledger.

    There only the owner's account can read them. By default all programs of Qt share one file,
    which other accounts may be able to read.
    """
    place = str(workflow.home())
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, place)


def run(project: Path | None = None, demo: Path | None = None) -> int:
    """Show the window until it is closed.

    Parameters
    ----------
    project : Path or None
        A project to open.
    demo : Path or None
        Where to make the demo, to open it.

    Returns
    -------
    int
        The exit code.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("DataSelect")
    app.setDesktopFileName("dataselect")
    keep_qt_settings_private()
    faults.install()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    remembered = settings.load()
    theme.apply(remembered.theme)
    window = MainWindow(remembered)
    if os.environ.get("DATASELECT_QUIT_WHEN_SHOWN") == "1":
        window.ready.connect(window.close)
    window.show()
    if project is not None:
        window.open_project(project)
    elif demo is not None:
        window.preparation.start_demo(demo)
    code = app.exec()
    if window.has_threads:
        # A thread hangs on a disk that does not answer. It may be ended at any moment.
        os._exit(code)
    return code
