"""The start of the program: who confines itself does so before anything heavy is imported."""

import multiprocessing
import sys

from dataselect_gui.permissions import close_process


def main() -> int:
    """Run a verb; or a worker's job, or the decoder's, where this process is one."""
    close_process()  # Before anything is created.
    multiprocessing.freeze_support()
    if sys.argv[1:2] == ["--worker"]:
        from dataselect_gui.worker.child import main as work

        return work()
    if sys.argv[1:2] == ["--decoder"]:
        from dataselect_gui.worker.decoder import main as decode

        return decode()
    from dataselect_gui.cli.app import main as command

    return command(sys.argv[1:])


def window() -> int:
    """Open the window: what a menu of the desktop starts."""
    sys.argv.insert(1, "gui")
    return main()


if __name__ == "__main__":
    sys.exit(main())
