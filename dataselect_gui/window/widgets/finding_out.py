"""How to find out whether records helped to train a checkpoint, and what is possible until then."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.copying import CopyButton
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Lines

ASK = N_("You don't know? Send this question to {contact}:")
ASK_SENDER = N_(
    "You don't know? Send this question to whoever gave you the checkpoint (its request names nobody):"
)
QUESTION = (
    N_("Checkpoint: {digest} (SHA-256)"),
    N_(
        "1. Were these very records, or others of the same people, used to train this checkpoint or "
        "any state that it was made from?"
    ),
    N_(
        "2. If so: was it trained under differential privacy? With which ε and δ, over the whole "
        "training?"
    ),
    N_(
        "3. Does that ε hold for each record or for each person? For adding or removing one, or for "
        "replacing one?"
    ),
    N_("4. If you cannot say: which data was it trained on, from where and from when?"),
)
MEANWHILE = N_(
    "Until you know, you can score your records and look at them. You can release them only "
    "without a promise, by “Exact and unprotected” or “All records that may leave”. When the "
    "answer comes, give it here."
)
_NO_DIGEST = N_("the one that you sent us")
_MOST_CONTACT = 200


class FindingOut(QWidget):
    """Has the question ready that is to be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.whom, self.meanwhile = paragraph(), paragraph(_(MEANWHILE), role="dim")
        self.question = Lines()
        self.question.setAccessibleName(visible(_("The question to send")))
        self.question.setTabChangesFocus(True)
        self.copy = CopyButton(_("Copy the question"), "")
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 0, 0, theme.SPACE[1])
        column.setSpacing(theme.SPACE[1])
        for part in (self.whom, self.question, row(self.copy, paragraph()), self.meanwhile):
            column.addWidget(part)
        self.show_checkpoint("", None)

    def show_checkpoint(self, digest: str, contact: str | None) -> None:
        """Ask about a checkpoint.

        Parameters
        ----------
        digest : str
            The checkpoint's; empty where it is not known.
        contact : str or None
            Whom the consortium's request names.
        """
        first, *others = QUESTION
        lines = [_(first, digest=digest or _(_NO_DIGEST)), *map(_, others)]
        self.question.show_lines(lines)
        self.copy.set_content("\n".join(lines))
        named = visible(contact, _MOST_CONTACT) if contact else ""
        self.whom.setText(_(ASK, contact=named) if named else _(ASK_SENDER))
        height = self.question.fontMetrics().lineSpacing() * 9
        self.question.setFixedHeight(height)
