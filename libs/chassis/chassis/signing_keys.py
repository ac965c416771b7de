"""Keys for a new installation: `python -m chassis.signing_keys FOLDER ISSUER… [--owner UID]`.

Each issuer gets `FOLDER/<issuer>/signing.pem`, to be seen by that process alone; `FOLDER/trust/trust.json` holds the
public halves of all, for everybody. Keys that are there are kept, so it can run at every start.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from chassis.identity import generate_signing_key, read_signing_key, write_trust

KEY, TRUST = "signing.pem", "trust.json"


def make_keys(folder: Path, issuers: Sequence[str], owner: int | None = None) -> None:
    """`owner`: the user id that services run under, when the caller may give files away."""
    for issuer in issuers:
        (folder / issuer).mkdir(parents=True, exist_ok=True)
        generate_signing_key(folder / issuer / KEY)
    (folder / "trust").mkdir(exist_ok=True)
    public = {issuer: read_signing_key(folder / issuer / KEY).public_key() for issuer in issuers}
    write_trust(folder / "trust" / TRUST, public)
    if owner is not None:
        for path in [each for name in (*issuers, "trust") for each in (folder / name, *(folder / name).iterdir())]:
            os.chown(path, owner, owner)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make the signing keys of an installation and the file of trust.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("issuers", nargs="+", help="leads, gateway, …: one for each process that signs")
    parser.add_argument("--owner", type=int, help="user id that shall own the files")
    given = parser.parse_args(arguments)
    make_keys(given.folder, given.issuers, given.owner)


if __name__ == "__main__":
    main()
