"""The right column of the Release place: what would leave and what stays; afterwards, what left."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from dataselect_gui.window import theme
from dataselect_gui.window.boundary import LeavePanel, Note, StayPanel, paragraph
from dataselect_gui.window.column import clear
from dataselect_gui.window.release.plan import Done
from dataselect_gui.window.release.sentences import LEAVES, REPEAT, STAYS, counted_records
from dataselect_gui.workflow import CANNOT_CHECK, DATA


class ParcelColumn(QWidget):
    """The right column: what would leave and what stays; afterwards, what left."""

    def __init__(self) -> None:
        super().__init__()
        self._done: Done | None = None
        self._leave, self._stay = LeavePanel(), StayPanel()
        self.error = Note("stop")
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[2])
        column.addWidget(self.error)
        column.addWidget(self._leave)
        column.addWidget(self._stay)
        column.addStretch()
        self._stay.body.setSpacing(0)
        self._leave.body.setSpacing(0)
        for line in STAYS:
            self._stay.body.addWidget(_Line(*line))
        self.show_preview()

    @property
    def done(self) -> Done | None:
        """The release that is shown; None where a preview is."""
        return self._done

    def show_preview(self) -> None:
        """Show what a release would hold, by made-up samples alone."""
        self._done = None
        clear(self._leave.body)
        for line in LEAVES:
            self._leave.body.addWidget(_Line(*line))

    def show_done(self, done: Done) -> None:
        """Show what a release holds, and what its verification found."""
        self._done = done
        self.error.hide()
        body = self._leave.body
        clear(body)
        body.addWidget(paragraph(done.released.bundle.name, step=2, bold=True))
        if done.released.repeated:
            body.addWidget(paragraph(REPEAT))
        body.addWidget(_Line(counted_records(done.records), f"{DATA}, under random names."))
        body.addWidget(_Line(f"{len(done.documents)} documents", "\n".join(done.documents)))
        body.addSpacing(theme.SPACE[1])
        is_verified = all(check.ok for check in done.checks)
        verdict = "Verified" if is_verified else "Not verified"
        body.addWidget(paragraph(verdict, bold=True, role="done" if is_verified else ""))
        body.addSpacing(theme.SPACE[0])
        for check in done.checks:
            text = f"{check.name}: {check.detail}"
            body.addWidget(paragraph(text) if check.ok else Note("stop", text))
            body.addSpacing(theme.SPACE[0])
        body.addWidget(_Line("What a check cannot show", "\n".join(CANNOT_CHECK)))
        body.addSpacing(theme.SPACE[1])
        body.addWidget(paragraph("Digest, to send separately", bold=True))
        body.addSpacing(theme.SPACE[0])
        digest = QLineEdit(done.digest)
        digest.setReadOnly(True)
        digest.setCursorPosition(0)
        digest.setAccessibleName("Digest of the bundle")
        body.addWidget(digest)
        body.addSpacing(theme.SPACE[1])
        folder = QPushButton("Open folder")
        folder.clicked.connect(self._open_folder)
        body.addWidget(folder, 0, Qt.AlignmentFlag.AlignLeading)

    def show_error(self, text: str) -> None:
        """Say why nothing was released."""
        self.error.set_text(text)
        self.error.show()

    def _open_folder(self) -> None:
        if self._done is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._done.released.bundle)))


class _Line(QWidget):
    """A line that opens to field names and a made-up sample."""

    def __init__(self, title: str, fields: str, sample: str = "") -> None:
        super().__init__()
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setCheckable(True)
        self._button.setAutoRaise(True)
        self._button.setArrowType(Qt.ArrowType.RightArrow)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._button.setMinimumHeight(theme.TARGET)
        self._button.toggled.connect(self._open)
        text = f"{fields}\nMade-up sample: {sample}" if sample else fields
        self._detail = paragraph(text, role="dim")
        self._detail.setContentsMargins(24, 0, 0, 4)
        self._detail.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._button)
        column.addWidget(self._detail)

    def _open(self, is_open: bool) -> None:
        self._button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._detail.setVisible(is_open)
