"""The work of the Release place, done in a job's thread: foresee a release, and make one."""

from dataclasses import dataclass
from pathlib import Path

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.texts import _
from dataselect_gui.workflow import (
    Check,
    CountAnswers,
    JobContext,
    Progress,
    Released,
    ReleaseRequest,
    Verified,
)


@dataclass(frozen=True)
class Foreseeing:
    """Finds out what a release would come to.

    Attributes
    ----------
    project : Path
        The project's folder.
    request : ReleaseRequest
        What is asked for.
    """

    project: Path
    request: ReleaseRequest

    def __call__(self, context: JobContext) -> Released:
        """Find out; where nobody wants to know any more, stop."""
        stopping = JobContext(lambda _step: context.check(), context.stop, context.kind)
        return workflow.preview(self.project, self.request, stopping)


@dataclass(frozen=True)
class SavingPage:
    """Saves what would leave as a page; returns its name.

    Attributes
    ----------
    project : Path
        The project's folder.
    request : ReleaseRequest
        What is asked for.
    foreseen : Released
        What it would come to.
    to : Path
        Where the page goes.
    """

    project: Path
    request: ReleaseRequest
    foreseen: Released
    to: Path

    def __call__(self, context: JobContext) -> str:
        """Write it."""
        del context
        workflow.write_leaving_page(self.project, self.request, self.foreseen, self.to)
        return self.to.name


@dataclass(frozen=True)
class Counting:
    """Lets a noised count decide what is left out; returns the project.

    Attributes
    ----------
    project : Path
        The project's folder.
    epsilon : str
        What the count costs.
    answers : CountAnswers
        What else it needs.
    """

    project: Path
    epsilon: str
    answers: CountAnswers

    def __call__(self, context: JobContext) -> Path:
        """Draw, once."""
        del context
        workflow.decide(self.project, "count", self.epsilon, self.answers)
        return self.project


@dataclass(frozen=True)
class Done:
    """A release that was made, and what its verification found.

    Attributes
    ----------
    released : Released
        What came of it.
    kind : str
        What left.
    verified : Verified
        What its check came to.
    digest : str
        What stands for the whole bundle.
    documents : list of str
        The names of its documents.
    content : int
        How many records, names, rows or counts are in it.
    """

    released: Released
    kind: str
    verified: Verified
    digest: str
    documents: list[str]
    content: int

    @property
    def checks(self) -> list[Check]:
        """What was checked, one by one."""
        return self.verified.checks


@dataclass(frozen=True)
class Releasing:
    """Releases and verifies.

    Attributes
    ----------
    project : Path
        The project's folder.
    request : ReleaseRequest
        What is asked for.
    """

    project: Path
    request: ReleaseRequest

    def __call__(self, context: JobContext) -> Done:
        """Release, then verify what was written.

        A release that is written down is finished where it can be: a mere request to stop would save
        nothing. Where the program has to leave, the same release goes on later, at no cost.
        """

        def report(step: Progress) -> None:
            if context.stop.is_urgent:
                raise InterruptedByPersonError(
                    _("The bundle was not finished."),
                    _("The program was closed."),
                    _("Release the same again: it costs nothing."),
                )
            context.relay(step)

        released = workflow.release(
            self.project, self.request, JobContext(report, context.stop, context.kind)
        )
        bundle = released.bundle
        return Done(
            released=released,
            kind=self.request.kind,
            verified=workflow.verify(bundle),
            digest=workflow.digest_of(bundle),
            documents=sorted(path.name for path in bundle.iterdir() if path.is_file()),
            content=workflow.count_records(bundle),
        )
