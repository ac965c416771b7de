"""Calls of the story can be repeated on a command line, as they are printed."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from closeloop_cli.door import Call

URL = "http://127.0.0.1:8080/api/v1/leads?page.size=200&text=%E4%BA%91"


def words_in_a_shell(call: Call) -> list[str]:
    """What `curl` would be started with by a shell that has signed in E00003."""
    script = f"""curl() {{ printf '%s\\0' "$@"; }}; TOKEN_E00003=t0k3n; {call.as_curl()}"""
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("body", [None, {"reason": 'it\'s "$HOME" 云'}], ids=["read", "change"])
def test_a_printed_call_is_the_call_that_was_made(body: dict[str, Any] | None) -> None:
    words = words_in_a_shell(Call("POST" if body else "GET", URL, "E00003", body))
    assert words[words.index("-H") + 1] == "Authorization: Bearer t0k3n"
    assert words[-1] == URL
    assert body is None or json.loads(words[words.index("-d") + 1]) == body
