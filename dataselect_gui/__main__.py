"""The entry points of the program and of its confined processes.

Nothing heavy is imported here: a confined process confines itself first.
"""

import multiprocessing
import sys

from dataselect_gui.permissions import close_process


def main() -> int:
    """Run a command; or a confined process, where this process was started as one."""
    close_process()  # Before anything is created.
    multiprocessing.freeze_support()
    if sys.argv[1:2] == ["--worker"]:
        from dataselect_gui.worker.child import main as work

        return work()
    if sys.argv[1:2] == ["--decoder"]:
        from dataselect_gui.worker.decoding_child import main as decode

        return decode()
    from dataselect_gui.cli.app import main as command

    return command(sys.argv[1:])


def window() -> int:
    """Open the window, as a menu of the desktop does."""
    sys.argv.insert(1, "gui")
    return main()


if __name__ == "__main__":
    sys.exit(main())
