"""Compiled code has a place: where Numba finds none, since the installation and the user's cache are read-only, a temporary one."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

NOWHERE = "/proc/nowhere"  # no folder can be made there, not even by root
KEEP = """
import os, sys
from pathlib import Path
from myeloma.compiled import keep_compiled_code
keep_compiled_code(Path(sys.argv[1]))
place = os.environ.get("NUMBA_CACHE_DIR", "")
print(place, oct(os.stat(place).st_mode) if place else "")
"""


@pytest.mark.parametrize(
    ("package", "user", "named", "is_temporary"),
    [
        ("here", NOWHERE, "", False),
        (NOWHERE, "here", "", False),
        (NOWHERE, NOWHERE, "here", False),
        (NOWHERE, NOWHERE, "", True),
        (NOWHERE, NOWHERE, NOWHERE, True),
    ],
)
def test_compiled_code_goes_to_a_temporary_folder_only_where_no_other_place_takes_it(tmp_path, package, user, named, is_temporary):
    def at(place):
        return str(tmp_path) if place == "here" else place

    inside = os.environ | {"XDG_CACHE_HOME": at(user), "NUMBA_CACHE_DIR": at(named), "TMPDIR": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", KEEP, at(package)], env=inside, capture_output=True, text=True, check=True).stdout.split()
    if is_temporary:
        assert Path(said[0]).parent == tmp_path and stat.S_IMODE(int(said[1], 8)) == 0o700
        assert not Path(said[0]).exists(), "it ends with the process"
    else:
        assert said[:1] == ([at(named)] if named else [])
