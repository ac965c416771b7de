"""The set-up says in one line what is missing, and does nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    prelude = "import sys\nimport tools.environment as e\n"
    return subprocess.run(
        [sys.executable, "-c", prelude + code], cwd=cwd, env=environment, capture_output=True, text=True
    )


@pytest.mark.spec("P4.1")
@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("sys.version_info = (3, 9, 2); e.check_python()", "Closeloop needs Python 3.11 or newer; this is 3.9."),
        ("sys.modules['ensurepip'] = None; e.check_python()", "Python's module ensurepip is missing."),
        ("e.NEEDED_BYTES = 10**18; e.VENV = e.ROOT / 'nowhere'; e.check_disk()", "MB free;"),
        (
            "e.run([sys.executable, '-c', 'raise SystemExit(\"no route to host\")'], 'pip could not install')",
            "no route",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, code: str, line: str) -> None:
    done = run(f"try:\n    {code}\nexcept e.CannotSetUp as failure:\n    print(failure)\n", tmp_path)
    assert line in done.stdout, done.stderr


def test_a_changed_lock_is_installed_again(tmp_path: Path) -> None:
    (tmp_path / "one.lock").write_text("a==1")
    code = "from pathlib import Path\ne.LOCKS = {'dev': Path('one.lock')}\nbefore = e.fingerprint('dev')\n"
    code += "Path('one.lock').write_text('a==2')\nprint(before != e.fingerprint('dev'))"
    assert run(code, tmp_path).stdout.strip() == "True"


def test_every_package_of_the_repository_is_installed(tmp_path: Path) -> None:
    folders = sorted(
        str(file.parent.relative_to(ROOT))
        for file in ROOT.glob("*/**/pyproject.toml")
        if not {".venv", "node_modules", "var"} & set(file.relative_to(ROOT).parts)
    )
    assert sorted(run("print('\\n'.join(e.packages()))", tmp_path).stdout.split()) == folders
