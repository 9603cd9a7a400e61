"""One function per verb. The terminal and the window call these and nothing below them."""

from dataselect_gui.checkpoints.label_account import LabelAccount
from dataselect_gui.checkpoints.label_forms import label_items
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import OtherStudyError
from dataselect_gui.jobs.context import JobContext, Stop
from dataselect_gui.jobs.endings import stopped
from dataselect_gui.jobs.fault_log import VARIABLE as LOG_VARIABLE
from dataselect_gui.jobs.fault_log import Crash, Left, job_logged, log_path, start_log, stop_log
from dataselect_gui.jobs.fault_log import note as note_event
from dataselect_gui.jobs.faults import Fault, fault_of, internal_error
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.jobs.progress import Phase, Progress, duration
from dataselect_gui.plain import is_text
from dataselect_gui.privacy.amounts import LARGEST as LARGEST_AMOUNT
from dataselect_gui.privacy.amounts import LARGEST_COUNT, decimal_of, exact, positive_amount, whole_of
from dataselect_gui.privacy.home import home
from dataselect_gui.privacy.mechanisms.mechanism import Answer, Mechanism
from dataselect_gui.project.settings import LeaveOut
from dataselect_gui.records.forms.form import Leaving
from dataselect_gui.records.kinds import file_endings, what_opens
from dataselect_gui.records.kinds.kind import Lines
from dataselect_gui.records.reference import LabelRule, Uncertain
from dataselect_gui.records.source import ChangedRecordError, SourceRef, UnreadableRecordError
from dataselect_gui.release.bundle import count_records, digest_of
from dataselect_gui.release.kinds.kind import Kind, KindAnswer
from dataselect_gui.release.registry import KINDS, MECHANISMS, mechanisms_of
from dataselect_gui.release.verify import Check
from dataselect_gui.sandbox.confining import Confinement, available_confinement
from dataselect_gui.scoring.catalog import find_mapped_score, find_score
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.selection.describing import rule_sentences, short_number
from dataselect_gui.selection.forms import read_rule, rule_form
from dataselect_gui.selection.rules import (
    Bound,
    ByClass,
    Condition,
    Everything,
    FixedRule,
    Keep,
    KeepByClass,
    KeepByScore,
    RecordRule,
    Rule,
    ScoreCut,
)
from dataselect_gui.selection.selecting import Selection, bounds_of, select
from dataselect_gui.study.arms.planting import Planting, read_planting
from dataselect_gui.study.arms.sentences import answer_lines, planted_words
from dataselect_gui.study.plan import FEWEST_SEEDS, MOST_TRAININGS, QUESTIONS, Start
from dataselect_gui.study.plan import Choices as StudyChoices
from dataselect_gui.study.sentences import PickLine, headline, name_of, tally
from dataselect_gui.texts.promises import CANNOT_CHECK
from dataselect_gui.worker.map_file import RecordMaps
from dataselect_gui.worker.results import BundleInspected, CheckpointInspected, SourceInspected
from dataselect_gui.workflow.accounts import (
    Account,
    AccountEntry,
    EntryTerms,
    account,
    change_budget,
    hold_against,
    knows_head,
    ledger,
)
from dataselect_gui.workflow.answers import NOT_KEPT
from dataselect_gui.workflow.arms_choices import (
    ArmsForecast,
    ArmsFound,
    ArmsWish,
    arms_at,
    count_arms,
    has_thresholds,
    plan_arms,
    run_arms_study,
    why_not,
)
from dataselect_gui.workflow.arms_study import (
    ARM_EPSILONS,
    RELEASE_EPSILONS,
    ArmsPlan,
    ArmsRequest,
    ArmsStudied,
    check_arms,
    foresee_arms,
    study_arms,
)
from dataselect_gui.workflow.calibrated_rule import (
    LEAVING_OUT_HELPS,
    calibrated_rule,
    why_no_count,
    why_not_wrong,
)
from dataselect_gui.workflow.calibrating import Calibrated, calibrate, find_calibration
from dataselect_gui.workflow.calibration_options import CalibrationOptions, calibration_obstacle
from dataselect_gui.workflow.calibration_warnings import ONCE
from dataselect_gui.workflow.deciding import COUNT_EPSILON, CountAnswers, decide
from dataselect_gui.workflow.decisions import (
    Decision,
    decision,
    decision_sentences,
    would_be_late,
)
from dataselect_gui.workflow.deleting import Deletion, before_deletion, delete
from dataselect_gui.workflow.demo import score_demo
from dataselect_gui.workflow.demo_truth import (
    LeftOut,
    Truths,
    count_left_out,
    left_out_line,
    left_out_of_demo,
    left_out_sentences,
    truths_of_demo,
)
from dataselect_gui.workflow.inspecting import Inspection, ProjectInspected, inspect
from dataselect_gui.workflow.labelling import label_rule, label_sentences
from dataselect_gui.workflow.left_out import (
    LeftOutFigures,
    LeftOutShare,
    left_out_figures,
    left_out_share,
    left_out_total,
    wrong_rule_of,
)
from dataselect_gui.workflow.looking import Look, Pictures, look, prepare_pictures
from dataselect_gui.workflow.mapping import MOST_AT_ONCE, maps
from dataselect_gui.workflow.moving import find_again
from dataselect_gui.workflow.places import read_settings, start_own_log, write_settings
from dataselect_gui.workflow.preflight import Preflight, preflight, preflight_facts
from dataselect_gui.workflow.record_classes import RecordClasses, read_classes
from dataselect_gui.workflow.registers import (
    Listing,
    Register,
    opt_in,
    opt_out,
    put_opted_out,
    read_register,
)
from dataselect_gui.workflow.release_preview import DOCUMENTS, Preview, leaving_files, leaving_warning
from dataselect_gui.workflow.release_request import ReleaseRequest
from dataselect_gui.workflow.release_terms import public_bounds
from dataselect_gui.workflow.releasing import Released, preview, release
from dataselect_gui.workflow.request_preparing import prepare_request, typed_value, write_request
from dataselect_gui.workflow.request_words import calibration_words, request_words, threshold_table
from dataselect_gui.workflow.request_writing import CalibrationFound, PreparedRequest
from dataselect_gui.workflow.requesting import RequestChecked, check_request, new_request
from dataselect_gui.workflow.scoring import Scored, project_name, project_place, score
from dataselect_gui.workflow.selecting import (
    check_rule,
    make_rule,
    put_selection,
    read_rule_file,
    requested_rule,
    rule_per_class,
    scores,
    select_records,
    usual_rule,
)
from dataselect_gui.workflow.statement_text import (
    composed_total,
    entry_description,
    missing_claim,
    one_sided_total,
    statement_in_words,
    unprotected_releases,
    write_statement,
)
from dataselect_gui.workflow.study_choices import (
    StudyScore,
    count_trainings,
    plan_study,
    replan_study,
    run_study,
    study_scores,
)
from dataselect_gui.workflow.study_folders import (
    StudyFigure,
    StudyFound,
    StudyResult,
    StudySubject,
    studies_of,
    study_at,
    study_place,
    study_subject,
)
from dataselect_gui.workflow.studying import (
    Studied,
    StudyPlan,
    StudyRequest,
    choose_study,
    foresee_study,
    study,
)
from dataselect_gui.workflow.switching import KeptScores, switch_checkpoint
from dataselect_gui.workflow.tokens import tokens
from dataselect_gui.workflow.training_answer import answer_training
from dataselect_gui.workflow.verifying import Verified, verify, write_page

__all__ = [
    "ARM_EPSILONS",
    "CANNOT_CHECK",
    "COUNT_EPSILON",
    "DOCUMENTS",
    "FEWEST_SEEDS",
    "KINDS",
    "LARGEST_AMOUNT",
    "LARGEST_COUNT",
    "LEAVING_OUT_HELPS",
    "LOG_VARIABLE",
    "MECHANISMS",
    "MOST_AT_ONCE",
    "MOST_TRAININGS",
    "NOT_KEPT",
    "ONCE",
    "QUESTIONS",
    "RELEASE_EPSILONS",
    "SCORES",
    "Account",
    "AccountEntry",
    "Answer",
    "ArmsForecast",
    "ArmsFound",
    "ArmsPlan",
    "ArmsRequest",
    "ArmsStudied",
    "ArmsWish",
    "Bound",
    "BundleInspected",
    "ByClass",
    "Calibrated",
    "CalibrationFound",
    "CalibrationOptions",
    "ChangedRecordError",
    "Check",
    "CheckpointInspected",
    "Condition",
    "Confinement",
    "CountAnswers",
    "Crash",
    "Decision",
    "Deletion",
    "EntryTerms",
    "Everything",
    "Fault",
    "FixedRule",
    "Inspection",
    "JobContext",
    "JobKind",
    "Keep",
    "KeepByClass",
    "KeepByScore",
    "KeptScores",
    "Kind",
    "KindAnswer",
    "LabelAccount",
    "LabelRule",
    "LeaveOut",
    "Leaving",
    "Left",
    "LeftOut",
    "LeftOutFigures",
    "LeftOutShare",
    "Lines",
    "Listing",
    "Look",
    "Mechanism",
    "OtherStudyError",
    "Phase",
    "PickLine",
    "Pictures",
    "Planting",
    "Preflight",
    "PreparedRequest",
    "Preview",
    "Progress",
    "ProjectInspected",
    "RecordClasses",
    "RecordMaps",
    "RecordRule",
    "Register",
    "ReleaseRequest",
    "Released",
    "Request",
    "RequestChecked",
    "Rule",
    "ScoreCut",
    "Scored",
    "Selection",
    "SourceInspected",
    "SourceRef",
    "Start",
    "Stop",
    "Studied",
    "StudyChoices",
    "StudyFigure",
    "StudyFound",
    "StudyPlan",
    "StudyRequest",
    "StudyResult",
    "StudyScore",
    "StudySubject",
    "Truths",
    "Uncertain",
    "UnreadableRecordError",
    "Verified",
    "account",
    "answer_lines",
    "answer_training",
    "arms_at",
    "available_confinement",
    "before_deletion",
    "bounds_of",
    "calibrate",
    "calibrated_rule",
    "calibration_obstacle",
    "calibration_words",
    "change_budget",
    "check_arms",
    "check_request",
    "check_rule",
    "choose_study",
    "composed_total",
    "count_arms",
    "count_left_out",
    "count_records",
    "count_trainings",
    "decide",
    "decimal_of",
    "decision",
    "decision_sentences",
    "delete",
    "digest_of",
    "duration",
    "entry_description",
    "exact",
    "fault_of",
    "file_endings",
    "find_again",
    "find_calibration",
    "find_mapped_score",
    "find_score",
    "foresee_arms",
    "foresee_study",
    "has_thresholds",
    "headline",
    "hold_against",
    "home",
    "inspect",
    "internal_error",
    "is_text",
    "job_logged",
    "knows_head",
    "label_items",
    "label_rule",
    "label_sentences",
    "leaving_files",
    "leaving_warning",
    "ledger",
    "left_out_figures",
    "left_out_line",
    "left_out_of_demo",
    "left_out_sentences",
    "left_out_share",
    "left_out_total",
    "log_path",
    "look",
    "make_rule",
    "maps",
    "mechanisms_of",
    "missing_claim",
    "name_of",
    "new_request",
    "note_event",
    "one_sided_total",
    "opt_in",
    "opt_out",
    "plan_arms",
    "plan_study",
    "planted_words",
    "positive_amount",
    "preflight",
    "preflight_facts",
    "prepare_pictures",
    "prepare_request",
    "preview",
    "project_name",
    "project_place",
    "public_bounds",
    "put_opted_out",
    "put_selection",
    "read_classes",
    "read_planting",
    "read_register",
    "read_rule",
    "read_rule_file",
    "read_settings",
    "release",
    "replan_study",
    "request_words",
    "requested_rule",
    "rule_form",
    "rule_per_class",
    "rule_sentences",
    "run_arms_study",
    "run_study",
    "score",
    "score_demo",
    "scores",
    "select",
    "select_records",
    "short_number",
    "start_log",
    "start_own_log",
    "statement_in_words",
    "stop_log",
    "stopped",
    "studies_of",
    "study",
    "study_arms",
    "study_at",
    "study_place",
    "study_scores",
    "study_subject",
    "switch_checkpoint",
    "tally",
    "threshold_table",
    "tokens",
    "truths_of_demo",
    "typed_value",
    "unprotected_releases",
    "usual_rule",
    "verify",
    "what_opens",
    "whole_of",
    "why_no_count",
    "why_not",
    "why_not_wrong",
    "would_be_late",
    "write_page",
    "write_request",
    "write_settings",
    "write_statement",
    "wrong_rule_of",
]
