"""One function per verb. The terminal and the window call these and nothing below them."""

from dataselect_gui.release.verify import verify_bundle as verify
from dataselect_gui.worker.messages import Progress, Report
from dataselect_gui.workflow.accounts import ledger
from dataselect_gui.workflow.inspecting import inspect
from dataselect_gui.workflow.releasing import Released, ReleaseRequest, release
from dataselect_gui.workflow.scoring import Scored, score
from dataselect_gui.workflow.selecting import make_rule, scores, select_records

__all__ = [
    "Progress",
    "ReleaseRequest",
    "Released",
    "Report",
    "Scored",
    "inspect",
    "ledger",
    "make_rule",
    "release",
    "score",
    "scores",
    "select_records",
    "verify",
]
