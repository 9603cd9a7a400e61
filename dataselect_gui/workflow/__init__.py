"""One function per verb. The terminal and the window call these and nothing below them."""

from dataselect_gui.privacy.amounts import exact, positive_amount
from dataselect_gui.privacy.mechanisms import one_sided_share
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.release.bundle import DATA, count_records, digest_of
from dataselect_gui.release.verify import Check
from dataselect_gui.release.words import CANNOT_CHECK
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.selection.rules import Rule, Selection, select
from dataselect_gui.worker.handle import Stop
from dataselect_gui.worker.map_file import RecordMaps
from dataselect_gui.worker.messages import Progress, Report
from dataselect_gui.workflow.accounts import hold_against, ledger
from dataselect_gui.workflow.asking import ReleaseRequest
from dataselect_gui.workflow.demo import flipped_labels, score_demo
from dataselect_gui.workflow.home import home
from dataselect_gui.workflow.inspecting import inspect
from dataselect_gui.workflow.looking import Look, Pictures, StaleRecordError, look
from dataselect_gui.workflow.mapping import MOST_AT_ONCE, maps
from dataselect_gui.workflow.moving import find_again
from dataselect_gui.workflow.preflight import preflight, preflight_facts
from dataselect_gui.workflow.previewing import Preview
from dataselect_gui.workflow.registers import Register, delete, opt_in, opt_out
from dataselect_gui.workflow.releasing import Released, release
from dataselect_gui.workflow.scoring import Scored, project_name, project_place, score
from dataselect_gui.workflow.selecting import (
    make_rule,
    put_selection,
    requested_rule,
    scores,
    select_records,
)
from dataselect_gui.workflow.studying import Studied, StudyPlan, study
from dataselect_gui.workflow.training import answer_training
from dataselect_gui.workflow.verifying import verify, write_page

__all__ = [
    "CANNOT_CHECK",
    "DATA",
    "MOST_AT_ONCE",
    "Check",
    "Look",
    "Pictures",
    "Preview",
    "Progress",
    "RecordMaps",
    "Register",
    "ReleaseRequest",
    "Released",
    "Report",
    "Rule",
    "Scored",
    "Selection",
    "StaleRecordError",
    "Stop",
    "Studied",
    "StudyPlan",
    "UnreadableRecordError",
    "answer_training",
    "count_records",
    "delete",
    "digest_of",
    "exact",
    "find_again",
    "find_score",
    "flipped_labels",
    "hold_against",
    "home",
    "inspect",
    "ledger",
    "look",
    "make_rule",
    "maps",
    "one_sided_share",
    "opt_in",
    "opt_out",
    "positive_amount",
    "preflight",
    "preflight_facts",
    "project_name",
    "project_place",
    "put_selection",
    "release",
    "requested_rule",
    "score",
    "score_demo",
    "scores",
    "select",
    "select_records",
    "study",
    "verify",
    "write_page",
]
