"""The start page: two wells to drop records and checkpoint into, recent projects, the demo."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.window import theme
from dataselect_gui.window.settings import Settings

_WIDEST = 880


class Well(QFrame):
    """Shows where to drop a file or folder, with buttons for whoever does not drag.

    The window itself takes what is dropped, wherever that is.

    Signals
    -------
    chosen(Path)
        Something was chosen.
    """

    chosen = Signal(object)

    def __init__(self, title: str, explanation: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self._explanation = explanation
        self.setProperty("role", "well")
        self.setMinimumHeight(152)
        self.setMaximumHeight(200)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        heading = QLabel(title)
        heading.setFont(theme.font(2, bold=True))
        self.text = QLabel(explanation)
        self.text.setWordWrap(True)
        self.text.setProperty("role", "dim")
        self.file = QPushButton("Choose a file…")
        self.file.clicked.connect(self._choose_file)
        self.folder = QPushButton("Choose a folder…")
        self.folder.clicked.connect(self._choose_folder)
        buttons = QHBoxLayout()
        buttons.addWidget(self.folder)
        buttons.addWidget(self.file)
        buttons.addStretch()
        layout.addWidget(heading)
        layout.addWidget(self.text)
        layout.addStretch()
        layout.addLayout(buttons)

    def show_path(self, path: Path | None) -> None:
        """Show what was chosen; None for nothing."""
        self.path = path
        self.text.setText(self._explanation if path is None else str(path))
        self.setProperty("filled", path is not None)
        self.style().unpolish(self)
        self.style().polish(self)

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Choose a file")
        if path:
            self.chosen.emit(Path(path))

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Choose a folder")
        if path:
            self.chosen.emit(Path(path))


class StartPlace(QScrollArea):
    """Where a person begins.

    Signals
    -------
    dropped(Path)
        Something was given; which of the two it is, inspection tells.
    project_chosen(Path)
        A recent project was chosen.
    demo_wanted()
        The demo was asked for.
    """

    dropped = Signal(object)
    project_chosen = Signal(object)
    demo_wanted = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        page = QWidget()
        outer = QHBoxLayout(page)
        column = QWidget()
        column.setMaximumWidth(_WIDEST)
        outer.addStretch()
        outer.addWidget(column, stretch=100)
        outer.addStretch()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(24, 32, 24, 24)
        layout.setSpacing(16)
        title = QLabel("What are your records worth, and what would they cost?")
        title.setFont(theme.font(5, bold=True))
        title.setWordWrap(True)
        promise = QLabel(
            "Everything happens on this machine. Nothing leaves it except the bundle that you release."
        )
        promise.setWordWrap(True)
        promise.setProperty("role", "dim")
        self.records = Well("Your records", "Drop a folder of images or an .npz file here.")
        self.checkpoint = Well("The consortium's checkpoint", "Drop the folder or .pt2 file here.")
        self.records.chosen.connect(self.dropped)
        self.checkpoint.chosen.connect(self.dropped)
        wells = QHBoxLayout()
        wells.setSpacing(16)
        wells.addWidget(self.records)
        wells.addWidget(self.checkpoint)
        self.demo = QPushButton("Try the demo")
        self.demo.setProperty("role", "primary")
        self.demo.clicked.connect(self.demo_wanted)
        about = QLabel("2,000 images and five checkpoints that come with the program; about a minute.")
        about.setProperty("role", "dim")
        about.setWordWrap(True)
        demo = QHBoxLayout()
        demo.setSpacing(12)
        demo.addWidget(self.demo)
        demo.addWidget(about, stretch=1)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(4)
        layout.addWidget(title)
        layout.addWidget(promise)
        layout.addLayout(wells)
        layout.addLayout(demo)
        layout.addLayout(self._recent)
        layout.addStretch()
        self.setWidget(page)
        self.show_recent()

    def show_recent(self) -> None:
        """List the recent projects that are still there."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        there = [Path(one) for one in self._settings.recent if (Path(one) / "project.json").is_file()]
        if there:
            heading = QLabel("Recent projects")
            heading.setFont(theme.font(2, bold=True))
            self._recent.addWidget(heading)
        for path in there:
            button = _RecentButton(path)
            button.chosen.connect(self.project_chosen)
            self._recent.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)

    def clear(self) -> None:
        """Empty both wells."""
        self.records.show_path(None)
        self.checkpoint.show_path(None)


class _RecentButton(QPushButton):
    """One recent project."""

    chosen = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.stem}  —  {path.parent}")
        self._path = path
        self.setProperty("role", "link")
        self.clicked.connect(self._choose)

    def _choose(self) -> None:
        self.chosen.emit(self._path)
