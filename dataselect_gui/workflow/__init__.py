"""One function per verb. The terminal and the window call these and nothing below them.

A name is imported when it is first used, so that whoever uses a few of them loads little: the window's
start page is painted before most of the program is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # The same names as below, with their types; a frozen build finds the modules here.
    from dataselect_gui.checkpoints.label_account import LabelAccount, LabelMatch
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
    from dataselect_gui.privacy.amounts import (
        LARGEST_COUNT,
        decimal_of,
        exact,
        positive_amount,
        whole_of,
    )
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
    from dataselect_gui.scoring.catalog import find_mapped_score, find_score, spoken_name
    from dataselect_gui.scoring.scores import SCORES
    from dataselect_gui.selection.classes import CodedClasses
    from dataselect_gui.selection.describing import rule_sentences, short_number
    from dataselect_gui.selection.filter_rules import rule_of_filter
    from dataselect_gui.selection.filters import Column, Texts, matching
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
    from dataselect_gui.selection.terms import (
        Range,
        all_of,
        brush_of,
        brush_term,
        columns_in,
        is_same_term,
        terms_of,
        with_range,
        without_range,
        without_term,
    )
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
    from dataselect_gui.workflow.answer_pairs import AnswerMatrix, answer_matrix
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
    from dataselect_gui.workflow.calibrated_rules import (
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
    from dataselect_gui.workflow.demo import demo_project, score_demo
    from dataselect_gui.workflow.demo_truth import (
        LeftOut,
        Truths,
        count_left_out,
        left_out_line,
        left_out_of_demo,
        left_out_sentences,
        truths_of_demo,
    )
    from dataselect_gui.workflow.expected_leaving import ClassExpected, ExpectedLeaving
    from dataselect_gui.workflow.filtering import (
        CHANGING,
        FilterColumns,
        equal_term,
        filter_of,
        scores_where,
    )
    from dataselect_gui.workflow.first_scores import FirstScores, scores_so_far
    from dataselect_gui.workflow.inspecting import Inspection, ProjectInspected, inspect
    from dataselect_gui.workflow.labelling import label_rule, label_sentences
    from dataselect_gui.workflow.leaving_page import write_leaving_page
    from dataselect_gui.workflow.leaving_sentences import (
        HOW_UNLIKE,
        class_rows,
        distortion_sentences,
        leaving_sentence,
        selection_sentence,
    )
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
    from dataselect_gui.workflow.own_files import read_settings, start_own_log, write_settings
    from dataselect_gui.workflow.preflights import Preflight, preflight, preflight_facts
    from dataselect_gui.workflow.record_classes import RecordClasses, read_classes
    from dataselect_gui.workflow.registers import (
        Listing,
        Register,
        opt_in,
        opt_out,
        put_opted_out,
        read_register,
    )
    from dataselect_gui.workflow.relabelling import (
        Relabelled,
        label_choices,
        put_labels,
        read_labels,
        relabel,
        relabelled_records,
        relabelled_sentence,
        typed_label,
        waiting_sentence,
    )
    from dataselect_gui.workflow.release_preview import (
        DOCUMENTS,
        Preview,
        leaving_files,
        leaving_warning,
    )
    from dataselect_gui.workflow.release_request import ReleaseRequest
    from dataselect_gui.workflow.release_terms import public_bounds
    from dataselect_gui.workflow.release_tokens import tokens
    from dataselect_gui.workflow.releasing import Released, preview, release
    from dataselect_gui.workflow.request_preparing import prepare_request, typed_value, write_request
    from dataselect_gui.workflow.request_sentences import (
        calibration_words,
        request_words,
        threshold_table,
    )
    from dataselect_gui.workflow.request_writing import CalibrationFound, PreparedRequest
    from dataselect_gui.workflow.requesting import RequestChecked, check_request, new_request
    from dataselect_gui.workflow.rule_words import rule_sentence
    from dataselect_gui.workflow.sampling import Sample, sample_records
    from dataselect_gui.workflow.score_choices import ScoreChoice, choices_with
    from dataselect_gui.workflow.score_files import (
        Columns,
        export_scores,
        export_selection,
        save_table,
        table_rows,
        table_text,
    )
    from dataselect_gui.workflow.scoring import (
        Scored,
        kept_sentence,
        project_name,
        project_place,
        score,
    )
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
    from dataselect_gui.workflow.training_answer import answer_training
    from dataselect_gui.workflow.verifying import Verified, verify, write_page
    from dataselect_gui.workflow.whole_records import (
        WholePicture,
        record_file,
        unit_rows,
        whole_record,
    )

_NAMES = {
    "checkpoints.label_account": "LabelAccount, LabelMatch",
    "checkpoints.label_forms": "label_items",
    "checkpoints.request": "Request",
    "errors": "OtherStudyError",
    "jobs.context": "JobContext, Stop",
    "jobs.endings": "stopped",
    "jobs.fault_log": (
        "VARIABLE as LOG_VARIABLE, Crash, Left, job_logged, log_path, start_log, stop_log, note "
        "as note_event"
    ),
    "jobs.faults": "Fault, fault_of, internal_error",
    "jobs.kinds": "JobKind",
    "jobs.progress": "Phase, Progress, duration",
    "plain": "is_text",
    "privacy.amounts": (
        "LARGEST as LARGEST_AMOUNT, LARGEST_COUNT, decimal_of, exact, positive_amount, whole_of"
    ),
    "privacy.home": "home",
    "privacy.mechanisms.mechanism": "Answer, Mechanism",
    "project.settings": "LeaveOut",
    "records.forms.form": "Leaving",
    "records.kinds": "file_endings, what_opens",
    "records.kinds.kind": "Lines",
    "records.reference": "LabelRule, Uncertain",
    "records.source": "ChangedRecordError, SourceRef, UnreadableRecordError",
    "release.bundle": "count_records, digest_of",
    "release.kinds.kind": "Kind, KindAnswer",
    "release.registry": "KINDS, MECHANISMS, mechanisms_of",
    "release.verify": "Check",
    "sandbox.confining": "Confinement, available_confinement",
    "scoring.catalog": "find_mapped_score, find_score, spoken_name",
    "scoring.scores": "SCORES",
    "selection.describing": "rule_sentences, short_number",
    "selection.classes": "CodedClasses",
    "selection.filters": "Column, Texts, matching",
    "selection.filter_rules": "rule_of_filter",
    "selection.forms": "read_rule, rule_form",
    "selection.rules": (
        "Bound, ByClass, Condition, Everything, FixedRule, Keep, KeepByClass, KeepByScore, "
        "RecordRule, Rule, ScoreCut"
    ),
    "selection.selecting": "Selection, bounds_of, select",
    "selection.terms": (
        "Range, all_of, brush_of, brush_term, columns_in, is_same_term, terms_of, with_range, "
        "without_range, without_term"
    ),
    "study.arms.planting": "Planting, read_planting",
    "study.arms.sentences": "answer_lines, planted_words",
    "study.plan": "FEWEST_SEEDS, MOST_TRAININGS, QUESTIONS, Start, Choices as StudyChoices",
    "study.sentences": "PickLine, headline, name_of, tally",
    "texts.promises": "CANNOT_CHECK",
    "worker.map_file": "RecordMaps",
    "worker.results": "BundleInspected, CheckpointInspected, SourceInspected",
    "workflow.accounts": (
        "Account, AccountEntry, EntryTerms, account, change_budget, hold_against, knows_head, ledger"
    ),
    "workflow.answer_pairs": "AnswerMatrix, answer_matrix",
    "workflow.answers": "NOT_KEPT",
    "workflow.arms_choices": (
        "ArmsForecast, ArmsFound, ArmsWish, arms_at, count_arms, has_thresholds, plan_arms, "
        "run_arms_study, why_not"
    ),
    "workflow.arms_study": (
        "ARM_EPSILONS, RELEASE_EPSILONS, ArmsPlan, ArmsRequest, ArmsStudied, check_arms, "
        "foresee_arms, study_arms"
    ),
    "workflow.calibrated_rules": "LEAVING_OUT_HELPS, calibrated_rule, why_no_count, why_not_wrong",
    "workflow.calibrating": "Calibrated, calibrate, find_calibration",
    "workflow.calibration_options": "CalibrationOptions, calibration_obstacle",
    "workflow.calibration_warnings": "ONCE",
    "workflow.deciding": "COUNT_EPSILON, CountAnswers, decide",
    "workflow.decisions": "Decision, decision, decision_sentences, would_be_late",
    "workflow.deleting": "Deletion, before_deletion, delete",
    "workflow.demo": "demo_project, score_demo",
    "workflow.demo_truth": (
        "LeftOut, Truths, count_left_out, left_out_line, left_out_of_demo, left_out_sentences, "
        "truths_of_demo"
    ),
    "workflow.filtering": "CHANGING, FilterColumns, equal_term, filter_of, scores_where",
    "workflow.first_scores": "FirstScores, scores_so_far",
    "workflow.inspecting": "Inspection, ProjectInspected, inspect",
    "workflow.labelling": "label_rule, label_sentences",
    "workflow.expected_leaving": "ClassExpected, ExpectedLeaving",
    "workflow.leaving_page": "write_leaving_page",
    "workflow.leaving_sentences": (
        "HOW_UNLIKE, class_rows, distortion_sentences, leaving_sentence, selection_sentence"
    ),
    "workflow.left_out": (
        "LeftOutFigures, LeftOutShare, left_out_figures, left_out_share, left_out_total, wrong_rule_of"
    ),
    "workflow.looking": "Look, Pictures, look, prepare_pictures",
    "workflow.mapping": "MOST_AT_ONCE, maps",
    "workflow.moving": "find_again",
    "workflow.own_files": "read_settings, start_own_log, write_settings",
    "workflow.preflights": "Preflight, preflight, preflight_facts",
    "workflow.record_classes": "RecordClasses, read_classes",
    "workflow.relabelling": (
        "Relabelled, label_choices, put_labels, read_labels, relabel, relabelled_records, "
        "relabelled_sentence, typed_label, waiting_sentence"
    ),
    "workflow.registers": "Listing, Register, opt_in, opt_out, put_opted_out, read_register",
    "workflow.release_preview": "DOCUMENTS, Preview, leaving_files, leaving_warning",
    "workflow.release_request": "ReleaseRequest",
    "workflow.release_terms": "public_bounds",
    "workflow.releasing": "Released, preview, release",
    "workflow.request_preparing": "prepare_request, typed_value, write_request",
    "workflow.request_sentences": "calibration_words, request_words, threshold_table",
    "workflow.request_writing": "CalibrationFound, PreparedRequest",
    "workflow.requesting": "RequestChecked, check_request, new_request",
    "workflow.score_choices": "ScoreChoice, choices_with",
    "workflow.score_files": (
        "Columns, export_scores, export_selection, save_table, table_rows, table_text"
    ),
    "workflow.rule_words": "rule_sentence",
    "workflow.sampling": "Sample, sample_records",
    "workflow.scoring": "Scored, kept_sentence, project_name, project_place, score",
    "workflow.selecting": (
        "check_rule, make_rule, put_selection, read_rule_file, requested_rule, rule_per_class, "
        "scores, select_records, usual_rule"
    ),
    "workflow.statement_text": (
        "composed_total, entry_description, missing_claim, one_sided_total, statement_in_words, "
        "unprotected_releases, write_statement"
    ),
    "workflow.study_choices": (
        "StudyScore, count_trainings, plan_study, replan_study, run_study, study_scores"
    ),
    "workflow.study_folders": (
        "StudyFigure, StudyFound, StudyResult, StudySubject, studies_of, study_at, study_place, "
        "study_subject"
    ),
    "workflow.studying": "Studied, StudyPlan, StudyRequest, choose_study, foresee_study, study",
    "workflow.switching": "KeptScores, switch_checkpoint",
    "workflow.release_tokens": "tokens",
    "workflow.training_answer": "answer_training",
    "workflow.verifying": "Verified, verify, write_page",
    "workflow.whole_records": "WholePicture, record_file, unit_rows, whole_record",
}
"""Module → the names taken from it, as an import statement has them."""
_MODULES = {
    name.split(" as ")[-1]: (module, name.split(" as ")[0])
    for module, names in _NAMES.items()
    for name in names.split(", ")
}
"""Name → its module, and what it is called there."""

if not TYPE_CHECKING:  # Otherwise the type checker would take any name for known.

    def __getattr__(name: str) -> object:
        """Import a name on its first use."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, called = _MODULES[name]
        value = globals()[name] = getattr(import_module(f"dataselect_gui.{module}"), called)
        return value
