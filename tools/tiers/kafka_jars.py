"""Apache Kafka's jars at the versions of `kafka/pom.xml` and the sums of `kafka/jars.sha256`, fetched once by Maven.

They are kept outside the checkout: `$XDG_CACHE_HOME/closeloop/kafka-…`. As a program it prints that folder. Needs
nothing but the standard library, so that `BROKER=kafka make demo` works without the test tools.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "kafka"
OLDEST_JAVA = 17


class NotFetched(Exception):
    """What is missing or wrong, in one line."""


def missing() -> str | None:
    if not shutil.which("java") or not shutil.which("mvn"):
        return f"Java {OLDEST_JAVA} or newer with Maven is not there"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    found = re.search(r'version "(\d+)', said)
    return None if found and int(found[1]) >= OLDEST_JAVA else f"Java {OLDEST_JAVA} or newer is needed"


def folder() -> Path:
    """Complete and checked. Raises NotFetched."""
    if lacking := missing():
        raise NotFetched(lacking)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "closeloop"
    kept = cache / f"kafka-{hashlib.sha256((HERE / 'jars.sha256').read_bytes()).hexdigest()[:16]}"
    if not kept.exists():
        fresh = kept.with_suffix(f".{os.getpid()}")
        _fetch(fresh)
        _check(fresh)
        fresh.rename(kept)
    return kept


def _fetch(target: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    done = subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal], capture_output=True, text=True)
    if done.returncode:
        raise NotFetched(f"Maven did not fetch Apache Kafka: {(done.stdout or done.stderr).strip()[-400:]}")


def _check(target: Path) -> None:
    wanted = dict(line.split()[::-1] for line in (HERE / "jars.sha256").read_text().splitlines())
    found = {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in target.glob("*.jar")}
    if wrong := sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)):
        shutil.rmtree(target)
        raise NotFetched(f"not the jars that jars.sha256 names: {', '.join(wrong)}")


if __name__ == "__main__":
    try:
        print(folder())
    except NotFetched as reason:
        sys.exit(str(reason))
