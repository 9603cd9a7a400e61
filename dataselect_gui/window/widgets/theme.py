"""Colours, sizes and fonts of all widgets."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from dataselect_gui.resources import resource

SPACE = (4, 8, 12, 16, 24, 32)
RADIUS = 4
TARGET = 28
HEADER, FOOTER = 48, 28
NARROW = 1000
"""The width below which panels make way for each other."""


@dataclass(frozen=True)
class Palette:
    """One set of colours.

    Each of `leave`, `stay`, `warn` and `stop` comes with a tint for surfaces. Orange (`leave`)
    is used only for what leaves the machine.
    """

    name: str
    ground: str
    panel: str
    sunk: str
    text: str
    dim: str
    line: str
    edge: str
    accent: str
    on_accent: str
    leave: str
    leave_tint: str
    stay: str
    stay_tint: str
    warn: str
    warn_tint: str
    stop: str
    stop_tint: str
    done: str
    classes: tuple[str, ...]


LIGHT = Palette(
    name="light",
    ground="#F5F6F8",
    panel="#FFFFFF",
    sunk="#E9ECF0",
    text="#1B2027",
    dim="#56606D",
    line="#D3D8DF",
    edge="#7A8492",
    accent="#1F5FBF",
    on_accent="#FFFFFF",
    leave="#A34B00",
    leave_tint="#FFF3E6",
    stay="#475569",
    stay_tint="#EEF1F5",
    warn="#7A5700",
    warn_tint="#FFF6D6",
    stop="#B3261E",
    stop_tint="#FDECEA",
    done="#0F6B5C",
    classes=("#298EE0", "#7D1232", "#778A2E", "#5D246B", "#B87A96", "#3E1CC4"),
)
DARK = Palette(
    name="dark",
    ground="#15181D",
    panel="#1D2127",
    sunk="#101317",
    text="#E7EAEE",
    dim="#A4ADB8",
    line="#343B45",
    edge="#768090",
    accent="#7FB2FF",
    on_accent="#0B1A33",
    leave="#FFB066",
    leave_tint="#33261A",
    stay="#9FB0C6",
    stay_tint="#242A33",
    warn="#F2CB57",
    warn_tint="#322B16",
    stop="#FF9B91",
    stop_tint="#3A201E",
    done="#6FD3BF",
    classes=("#4CE68A", "#C2DEEB", "#E0CE29", "#C2477E", "#994CE6", "#477D12"),
)


def palette() -> Palette:
    """Return the colours in force: those of the application's palette, light or dark."""
    window = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT


def colour(value: str, alpha: int = 255) -> QColor:
    """Return a colour for painting."""
    made = QColor(value)
    made.setAlpha(alpha)
    return made


def font(step: int = 0, *, bold: bool = False) -> QFont:
    """Return the system's font, some points larger or smaller: caption −1, heading 2, title 5."""
    made = QFont(QApplication.font())
    made.setPointSize(made.pointSize() + step)
    made.setBold(bold)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def apply(mode: str) -> None:
    """Give the application its colours.

    Parameters
    ----------
    mode : str
        ``light``, ``dark`` or ``system``.
    """
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    if mode == "system":
        is_dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        mode = "dark" if is_dark else "light"
    chosen = DARK if mode == "dark" else LIGHT
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    roles = {
        QPalette.ColorRole.Window: chosen.ground,
        QPalette.ColorRole.WindowText: chosen.text,
        QPalette.ColorRole.Base: chosen.panel,
        QPalette.ColorRole.AlternateBase: chosen.sunk,
        QPalette.ColorRole.Text: chosen.text,
        QPalette.ColorRole.Button: chosen.panel,
        QPalette.ColorRole.ButtonText: chosen.text,
        QPalette.ColorRole.BrightText: chosen.text,
        QPalette.ColorRole.Highlight: chosen.accent,
        QPalette.ColorRole.HighlightedText: chosen.on_accent,
        QPalette.ColorRole.Accent: chosen.accent,
        QPalette.ColorRole.Link: chosen.accent,
        QPalette.ColorRole.ToolTipBase: chosen.panel,
        QPalette.ColorRole.ToolTipText: chosen.text,
        QPalette.ColorRole.PlaceholderText: chosen.dim,
        QPalette.ColorRole.Mid: chosen.edge,
        QPalette.ColorRole.Dark: chosen.edge,
        QPalette.ColorRole.Light: chosen.line,
    }
    made = QPalette()
    for role, value in roles.items():
        made.setColor(role, QColor(value))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(chosen.dim))
    app.setPalette(made)
    app.setStyleSheet(_sheet(chosen))


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget another role of the sheet, where it has not got it yet."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _sheet(c: Palette) -> str:
    return f"""
QWidget {{ color: {c.text}; }}
QToolTip {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.edge}; padding: 4px; }}
QFrame[role="panel"] {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: {RADIUS}px; }}
QFrame[role="float"] {{ background: {c.panel}; border: 1px solid {c.edge};
    border-radius: {RADIUS}px; }}
QFrame[role="bar"] {{ background: {c.panel}; border: 0; border-bottom: 1px solid {c.line}; }}
QFrame[role="foot"] {{ background: {c.panel}; border: 0; border-top: 1px solid {c.line}; }}
QFrame[role="leave"] {{ background: {c.leave_tint}; border: 2px solid {c.leave};
    border-radius: {RADIUS}px; }}
QFrame[role="stay"] {{ background: {c.stay_tint}; border: 1px solid {c.line};
    border-radius: {RADIUS}px; }}
QFrame[role="warn"] {{ background: {c.warn_tint}; border: 1px solid {c.warn};
    border-radius: {RADIUS}px; }}
QFrame[role="success"] {{ background: {c.panel}; border: 1px solid {c.done};
    border-radius: {RADIUS}px; }}
QFrame[role="stop"] {{ background: {c.stop_tint}; border: 1px solid {c.stop};
    border-radius: {RADIUS}px; }}
QFrame[role="well"] {{ background: {c.panel}; border: 2px dashed {c.edge}; border-radius: 8px; }}
QFrame[role="well"][filled="true"] {{ border-style: solid; border-color: {c.accent}; }}
QLabel[role="dim"] {{ color: {c.dim}; }}
QLabel[role="warning"] {{ color: {c.warn}; }}
QLabel[role="done"] {{ color: {c.done}; }}
QPlainTextEdit[role="reader"] {{ background: {c.sunk}; border: 0; }}
QGraphicsView[role="plot"] {{ border: 2px solid {c.panel}; }}
QGraphicsView[role="plot"]:focus {{ border-color: {c.accent}; }}
QFrame[role="strip"] {{ background: {c.stay_tint}; border: 0; }}
QPushButton {{ background: {c.panel}; border: 1px solid {c.edge}; border-radius: {RADIUS}px;
    padding: 4px 12px; min-height: 20px; }}
QPushButton:hover {{ border-color: {c.accent}; }}
QPushButton:checked {{ background: {c.sunk}; border-color: {c.accent}; color: {c.accent}; }}
QPushButton:focus {{ border: 2px solid {c.accent}; padding: 3px 11px; }}
QPushButton:disabled {{ color: {c.dim}; border-color: {c.line}; }}
QPushButton[role="primary"] {{ background: {c.accent}; color: {c.on_accent};
    border-color: {c.accent}; }}
QPushButton[role="primary"]:focus {{ border: 2px solid {c.text}; }}
QPushButton[role="primary"]:disabled {{ background: {c.sunk}; color: {c.dim}; border-color: {c.line}; }}
QPushButton[role="leave"] {{ background: {c.leave}; color: {c.panel}; border-color: {c.leave}; }}
QPushButton[role="leave"]:focus {{ border: 2px solid {c.text}; }}
QPushButton[role="leave"]:disabled {{ background: {c.sunk}; color: {c.dim}; border-color: {c.line}; }}
QPushButton[role="danger"] {{ background: {c.stop}; color: {c.panel}; border-color: {c.stop}; }}
QPushButton[role="danger"]:focus {{ border: 2px solid {c.text}; }}
QPushButton[role="danger"]:disabled {{ background: {c.sunk}; color: {c.dim}; border-color: {c.line}; }}
QPushButton[role="place"] {{ background: transparent; border: 0; border-radius: 0; padding: 0 4px;
    border-top: 3px solid transparent; border-bottom: 3px solid transparent; color: {c.dim};
    min-height: {HEADER - 7}px; }}
QPushButton[role="place"]:hover:enabled {{ color: {c.text}; }}
QPushButton[role="place"]:checked {{ color: {c.text}; border-bottom: 3px solid {c.accent}; }}
QPushButton[role="place"]:focus {{ background: {c.sunk}; }}
QPushButton[role="place"]:disabled {{ color: {c.edge}; }}
QPushButton[role="home"], QPushButton[role="link"] {{ background: transparent; border: 0;
    border-radius: 0; border-bottom: 2px solid transparent; color: {c.accent}; padding: 3px 0 1px 0;
    text-align: left; }}
QPushButton[role="link"]:hover {{ text-decoration: underline; }}
QPushButton[role="home"]:focus, QPushButton[role="link"]:focus {{
    border-bottom: 2px solid {c.accent}; }}
QPushButton[role="job"] {{ background: {c.sunk}; border-color: {c.line}; }}
QToolButton[role="fold"] {{ background: transparent; border: 1px solid transparent;
    border-radius: {RADIUS}px; padding: 2px 4px; }}
QToolButton[role="fold"]:hover {{ border-color: {c.line}; }}
QToolButton[role="fold"]:focus {{ border-color: {c.accent}; }}
QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox, QPlainTextEdit {{ background: {c.panel};
    border: 1px solid {c.edge}; border-radius: {RADIUS}px; padding: 3px 6px; min-height: 20px;
    selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QPlainTextEdit:focus {{
    border: 2px solid {c.accent}; padding: 2px 5px; }}
QAbstractSpinBox QLineEdit {{ border: 0; padding: 0; min-height: 0; background: transparent; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: 0; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QComboBox::down-arrow {{ width: 12px; height: 12px;
    image: url("{resource(f"icons/chevron-{c.name}.svg").as_posix()}"); }}
QComboBox {{ combobox-popup: 0; }}
QComboBox QAbstractItemView {{ background: {c.panel}; border: 1px solid {c.edge}; }}
QComboBox QAbstractItemView::item {{ min-height: 24px; padding: 0 6px; }}
QCheckBox, QRadioButton {{ spacing: 8px; min-height: 24px; }}
QCheckBox:disabled, QRadioButton:disabled, QLineEdit:disabled, QSpinBox:disabled, QComboBox:disabled {{
    color: {c.dim}; border-color: {c.line}; }}
QCheckBox::indicator, QRadioButton::indicator {{ width: 14px; height: 14px;
    border: 1px solid {c.edge}; background: {c.panel}; }}
QRadioButton::indicator {{ border-radius: 8px; }}
QCheckBox::indicator {{ border-radius: 3px; }}
QCheckBox::indicator:hover, QRadioButton::indicator:hover {{ border-color: {c.accent}; }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border: 2px solid {c.accent};
    width: 12px; height: 12px; }}
QCheckBox::indicator:checked {{ background: {c.accent}; border-color: {c.accent};
    image: url("{resource(f"icons/tick-{c.name}.svg").as_posix()}"); }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: {c.line}; }}
QCheckBox::indicator:checked:disabled {{ background: {c.edge}; }}
QRadioButton::indicator:checked {{ border: 5px solid {c.accent}; width: 6px; height: 6px; }}
QSlider::groove:horizontal {{ height: 4px; background: {c.sunk}; border: 1px solid {c.edge};
    border-radius: 3px; }}
QSlider::sub-page:horizontal {{ background: {c.accent}; border-radius: 3px; }}
QSlider::handle:horizontal {{ width: 14px; margin: -6px 0; background: {c.panel};
    border: 2px solid {c.accent}; border-radius: 8px; }}
QSlider::handle:horizontal:focus {{ background: {c.accent}; border-color: {c.text}; }}
QToolButton:focus {{ border: 2px solid {c.accent}; border-radius: {RADIUS}px; }}
QScrollArea {{ background: transparent; border: 0; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QSplitter::handle {{ background: {c.line}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QGraphicsView[role="plot"] {{ border: 2px solid {c.panel}; }}
QGraphicsView[role="plot"]:focus {{ border: 2px solid {c.accent}; }}
QAbstractScrollArea::corner {{ background: {c.sunk}; }}
QTableView {{ background: {c.panel}; gridline-color: {c.line}; border: 1px solid {c.line}; }}
QHeaderView::section {{ background: {c.sunk}; border: 0; border-bottom: 1px solid {c.line};
    padding: 4px 8px; }}
QTableView[role="matrix"] {{ border: 0; }}
QTableView[role="matrix"] QHeaderView {{ background: transparent; }}
QTableView[role="matrix"] QHeaderView::section:horizontal {{ padding: 4px 3px; }}
QTableCornerButton::section {{ background: {c.sunk}; border: 0; border-bottom: 1px solid {c.line}; }}
QScrollBar:vertical {{ background: {c.sunk}; width: 12px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {c.edge}; border-radius: 4px;
    min-height: 32px; margin: 2px; }}
QScrollBar:horizontal {{ background: {c.sunk}; height: 12px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {c.edge}; border-radius: 4px;
    min-width: 32px; margin: 2px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QProgressBar {{ background: {c.sunk}; border: 1px solid {c.edge}; border-radius: {RADIUS}px;
    text-align: center; min-height: 16px; }}
QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}
QTreeWidget {{ background: {c.panel}; border: 0; }}
QTreeWidget::item {{ padding: 0 8px; }}
QTreeWidget::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}
QMenu {{ background: {c.panel}; border: 1px solid {c.edge}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px; }}
QMenu::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}
"""
