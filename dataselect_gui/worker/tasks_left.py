"""The tasks of a study that are still to be done, and how long they take."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from dataselect_gui.study.store import Store
from dataselect_gui.worker.messages import StudyPlanned


class NamedTask(Protocol):
    """A task: its ``name`` is that of its result, and those of one ``kind`` take about as long."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def kind(self) -> str: ...  # noqa: D102


T = TypeVar("T", bound=NamedTask)


class TasksLeft(Generic[T]):
    """The tasks that are still to be done, and how long they take.

    That is estimated by kind of work: from what was timed beforehand, then from what it took.

    Parameters
    ----------
    tasks : sequence of tasks
        All of them, in order.
    is_training : callable
        Says whether a task is a training.
    store : Store
        Holds the results of those that are done, and the ``times``.

    Attributes
    ----------
    tasks : deque of tasks
        Those that are left, in order.
    total : int
        How many trainings there are, with those that are done.
    """

    def __init__(self, tasks: Sequence[T], is_training: Callable[[T], bool], store: Store) -> None:
        self.tasks = deque(task for task in tasks if not store.has(task.name))
        self._is_training = is_training
        self.total = sum(map(is_training, tasks))
        self._expected: dict[str, float] = store.read("times", dict[str, float])
        self._taken: dict[str, list[float]] = defaultdict(list)

    @property
    def done(self) -> int:
        """How many trainings are done."""
        return self.total - sum(map(self._is_training, self.tasks))

    @property
    def seconds(self) -> float:
        """How long they take, all together."""
        return sum(map(self._seconds_of, self.tasks))

    @property
    def seconds_beside(self) -> float:
        """How long those take that are no trainings."""
        return sum(self._seconds_of(task) for task in self.tasks if not self._is_training(task))

    def plan(self) -> StudyPlanned:
        """Return how much there is to do."""
        return StudyPlanned(
            trainings=self.total,
            left=self.total - self.done,
            seconds=self.seconds,
            seconds_beside=self.seconds_beside,
            seconds_by_kind=self._expected,
        )

    def drop_first(self, seconds: float) -> None:
        """Take the first task out: it was done in so many seconds."""
        self._taken[self.tasks.popleft().kind].append(seconds)

    def _seconds_of(self, task: T) -> float:
        taken = self._taken[task.kind]
        return sum(taken) / len(taken) if taken else self._expected[task.kind]
