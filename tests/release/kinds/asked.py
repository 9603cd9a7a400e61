"""The kinds of release that are tried: name → what the owner asks for."""

from typing import Any

KINDS: dict[str, dict[str, Any]] = {
    "offers": {"kind": "offers"},
    "top offers": {"kind": "offers", "mechanism": "noisy-top-k", "count": 7},
    "records": {"kind": "records", "mechanism": "randomized-response", "epsilon": "3"},
    "top records": {"kind": "records", "mechanism": "noisy-top-k", "count": 7},
    "scores": {"kind": "scores"},
    "report": {"kind": "report", "bins": "0.25,0.5", "by_class": True, "count_threshold": "0.9"},
    "gaussian report": {
        "kind": "report",
        "mechanism": "discrete-gaussian",
        "delta": "1e-6",
        "bins": "0.25,0.5",
    },
}
