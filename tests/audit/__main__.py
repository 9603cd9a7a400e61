"""Audit everything and print a table: ``python -m tests.audit``. Ends with 1 where it fails."""

import argparse
import sys
import time

from tests.audit.bounds import ERROR, lower_bound
from tests.audit.cases import honest, mistakes

SEEN = 0.9


def main() -> int:
    """Audit each claim and each mistake."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200_000, help="from each of two data sets")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    chosen = parser.parse_args()
    promises, controls = honest(), mistakes()
    error = ERROR / (len(promises) + len(controls))
    print(
        f"{chosen.draws:,} draws from each of two data sets, twice as many of rare events; "
        f"one error in {1 / ERROR:,.0f} tables"
    )
    print(f"{'':44} {'δ':>6} {'claimed':>8} {'at least':>8}")
    failed = 0
    for case, is_promise in [(c, True) for c in promises] + [(c, False) for c in controls]:
        if chosen.only not in case.name:
            continue
        started = time.monotonic()
        # A rare event, or a small ε by one bit, needs more draws for a bound near its claim.
        draws = chosen.draws * (2 if case.rare else 1)
        bound = lower_bound(case.sample, draws, case.delta, error)
        if is_promise:
            good = bound <= case.claim and (not case.tight or bound >= SEEN * case.claim)
            verdict = "holds" + (", tight" if case.tight else "") if good else "FAILS"
        else:
            good = bound > case.claim
            verdict = "caught" if good else "NOT CAUGHT"
        failed += not good
        print(
            f"{case.name:44} {case.delta:6g} {case.claim:8.3f} {bound:8.3f}  {verdict:14} "
            f"{time.monotonic() - started:5.1f} s",
            flush=True,
        )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
