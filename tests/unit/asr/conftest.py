"""Lets the tests import the speech models' Python files as Triton does: from the version directory."""

import sys
from pathlib import Path

_VERSION = Path(__file__).parents[3] / "model_repository" / "asr_multilingual" / "1"
sys.path.append(str(_VERSION))
