#!/usr/bin/env python3
"""The layer check: includes are written "floor/file.h" and point downward only.

A header of its own folder or of a lower floor may be included; anything else fails. `state` and
`journal` stand side by side: neither knows the other. Generated protobuf headers ("argosy/v1/...")
are part of `ledger`'s floor and may be used from there up: what is below knows no transactions.
"""
import pathlib
import re
import sys

FLOORS = ["base", "crypto", "state", "journal", "ledger", "data", "contract", "trade", "proof", "node",
          "capture", "interface", "cmd"]
# The offline verifier stands apart: it may use base alone, and only cmd and tests may use it.
ALLOWED = {f: set(FLOORS[: i + 1]) for i, f in enumerate(FLOORS)}
ALLOWED["verify"] = {"verify", "base"}
ALLOWED["journal"].remove("state")
ALLOWED["cmd"].add("verify")
ALLOWED["interface"].add("verify")

bad = 0
for path in sorted(pathlib.Path("src").glob("*/*.[ch]")):
    floor = path.parts[1]
    if floor not in ALLOWED:
        print(f"{path}: no such floor: {floor}")
        bad += 1
        continue
    test = path.name.endswith("_test.c")
    for number, line in enumerate(path.read_text().splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not m:
            continue
        name = m.group(1)
        top = name.split("/")[0]
        if name.startswith("argosy/v1/"):
            if floor in ("base", "crypto", "verify", "state", "journal"):
                print(f"{path}:{number}: {floor} may not use protobuf messages ({name})")
                bad += 1
            continue
        if "/" not in name:
            print(f'{path}:{number}: write "floor/file.h", not "{name}"')
            bad += 1
        elif top not in ALLOWED[floor] and not (test and top == "verify"):
            print(f"{path}:{number}: {floor} may not include {name}: includes point downward")
            bad += 1
print(f"layers: {bad} violation{'s' if bad != 1 else ''}")
sys.exit(bad > 0)
