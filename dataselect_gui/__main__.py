"""The start of the program: the worker is dispatched before anything heavy is imported."""

import multiprocessing
import sys

from dataselect_gui.permissions import close_process


def main() -> int:
    """Run a verb, or a worker's job where this process is a worker."""
    close_process()  # Before anything is created.
    multiprocessing.freeze_support()
    if sys.argv[1:2] == ["--worker"]:
        from dataselect_gui.worker.child import main as work

        return work()
    from dataselect_gui.cli.app import main as command

    return command(sys.argv[1:])


def window() -> int:
    """Open the window: what a menu of the desktop starts."""
    sys.argv.insert(1, "gui")
    return main()


if __name__ == "__main__":
    sys.exit(main())
