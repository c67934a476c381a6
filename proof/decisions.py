"""Which modules of the server decide something, and which features show what they decide.

Left out are those that carry what is decided to and fro: the wire and how much goes into an answer, the drivers of the
stores, logs, settings, and how the parts are put together. What they do wrong is the catalogue's (`sandbox/defects`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from proof.features import scenarios

SERVER = Path("sandbox/focus_server")

_CREATION = "features/job_creation/creating_a_job.feature"
_CANCELLING = "features/job_lifecycle/cancelling_a_job.feature"
_ERRORS = "features/errors/errors.feature"
_FIBRE = "features/discovery/fibre.feature"
_FIGURES = "features/figures/figures_of_a_job.feature"
_LIMITS = "features/job_creation/limits_of_a_job.feature"
_MALFORMED = "features/robustness/malformed_requests.feature"
_METADATA = "features/discovery/job_metadata.feature"
_OUTAGES = "features/resilience/outages_of_a_store.feature"
_PLAYBACK = "features/history/playing_back.feature"
_REFUSING = "features/job_creation/refusing_a_job.feature"
_REGION = "features/streaming/region_of_interest.feature"
_SINGLE = "features/views/single_channel.feature"
_WATERFALL = "features/streaming/waterfall.feature"

# In the order in which they are asked: the sooner one fails, the better.
SHOWN_BY = {
    "rules": (_LIMITS, _SINGLE, _PLAYBACK, _REFUSING, _WATERFALL, _CREATION, _MALFORMED),
    "limits": (_LIMITS, _FIBRE, _FIGURES, _REGION, _WATERFALL),
    "configuration": (_REFUSING, _PLAYBACK, _FIBRE, _MALFORMED),
    "identity": (_CREATION, _METADATA, _FIBRE),
    "calculation": (_FIGURES, _SINGLE, _WATERFALL, _PLAYBACK),
    "answers": (_CREATION, _METADATA),
    "service": (_CREATION, _CANCELLING, _ERRORS, _PLAYBACK, _REFUSING, _OUTAGES),
    "rollback": (_ERRORS, _OUTAGES, _CREATION),
    "region": (_REGION, _WATERFALL),
    "regions": (_REGION, _OUTAGES, _CREATION),
    "waterfall": (_WATERFALL, _PLAYBACK, _SINGLE, _FIGURES),
    "discovery": (_FIBRE,),
}


def files(root: Path) -> list[Path]:
    """The modules that decide something."""
    return [root / SERVER / f"{name}.py" for name in SHOWN_BY]


def features_for(file: str) -> tuple[str, ...]:
    """The features that show what a module decides, the likeliest first."""
    return SHOWN_BY[Path(file).stem]


def features_for_all(files: Iterable[str]) -> list[str]:
    """The features that show what any of the modules decides."""
    return list(dict.fromkeys(feature for file in dict.fromkeys(files) for feature in features_for(file)))


def every_feature() -> list[str]:
    """All features."""
    return list(dict.fromkeys(feature for scenario in scenarios().values() for feature in scenario.files))


def other_features(file: str) -> tuple[str, ...]:
    """Those that are about something else than a module decides."""
    return tuple(feature for feature in every_feature() if feature not in features_for(file))
