"""What code a model was made with: the commit, and the versions of packages."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git_commit() -> str:
    """Return the commit of the code, with `-dirty` when files differ from it; `unknown` outside a checkout."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def mlflow_version(package: str) -> str:
    """Return the installed version of a package; the CPU build of XGBoost answers for `xgboost`."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return version(f"{package}-cpu")
