"""Pages link to what is there, and stay as short as they promise."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
)


def broken_links(page: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    return [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize("page", [p for p in PAGES if p.parent.parent.name == "services"], ids=lambda p: p.parent.name)
def test_a_service_explains_itself_within_sixty_lines(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 60


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[there](page.md) [not](gone.md) [web](https://x.org) `[code](x)`\n```\n[in](block.md)\n```\n")
    assert broken_links(page) == ["gone.md", "x"]


def test_make_help_lists_every_target_meant_for_people() -> None:
    text = (ROOT / "Makefile").read_text()
    wanted = {"help", "setup", "demo", "down", "test", "test-extra", "lint", "types", "proto", "proto-baseline", "lock"}
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert wanted <= set(re.findall(r"^  make ([a-z-]+)", shown, re.M))
    assert wanted <= set(re.findall(r"^([a-z-]+):", text, re.M))
