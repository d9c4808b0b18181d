#!/usr/bin/env python3
"""The layer check: includes are written "floor/file.h" and point downward only.

A header of its own folder or of a lower floor may be included; anything else fails. `state` and
`journal` stand side by side: neither knows the other. Generated protobuf headers ("argosy/v1/...")
are part of `ledger`'s floor and may be used from there up: what is below knows no transactions.

Within a folder files stand above one another too: a .c file above those whose functions and tables
it names, whichever header declares them, and a header above those that it includes. That must form
no circle, but for the arrows of LOOPS, each with its reason.
"""
import pathlib
import re
import sys

FLOORS = ["base", "crypto", "state", "journal", "ledger", "data", "contract", "trade", "proof",
          "node", "capture", "interface", "cmd"]
# The offline verifier stands apart: it may use base alone, and only cmd and tests may use it.
ALLOWED = {f: set(FLOORS[: i + 1]) for i, f in enumerate(FLOORS)}
ALLOWED["verify"] = {"verify", "base"}
ALLOWED["journal"].remove("state")
ALLOWED["cmd"].add("verify")
ALLOWED["interface"].add("verify")

# Left out of the search for circles: (from, to), and why it is so.
LOOPS = {
    ("data/epcis_json_context.c", "data/epcis_json_node.c"): "a context is read as a node",
    ("data/epcis_json_value.c", "data/epcis_json_context.c"): "terms in a value are the context's",
    ("interface/api_ops.c", "interface/api.c"): "the metrics name the routes",
    ("node/solo.c", "node/solo_closer.c"): "the driver starts its closer's thread",
    ("cmd/cli.c", "cmd/table.c"): "the frame runs what the table of commands names",
    ("cmd/cli.c", "cmd/help.c"): "the frame shows help, and help speaks as every command does",
    ("cmd/help.c", "cmd/table.c"): "help shows the table, in which it stands",
}
# A function or a table that other files may name.
DEFINED = (
    r"^(?!static|typedef|extern|else|return)[a-zA-Z_][\w \*]*?\b(\w+)"
    r"(?:\([^;{}]*\)\s*\n\{|(?:\[[^\]]*\])* =)"
)

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


def room_arrows():
    """{file: files of its folder that it stands above}: .c above .c, and .h above .h."""
    codes, names, arrows = {}, {}, {}
    for path in sorted(pathlib.Path("src").glob("*/*.[ch]")):
        if path.name.endswith("_test.c"):
            continue
        room, here, raw = path.parts[1], f"{path.parts[1]}/{path.name}", path.read_text()
        arrows[here] = set()
        if path.suffix == ".h":
            arrows[here] = set(re.findall(rf'^\s*#\s*include\s+"({room}/\w+\.h)"', raw, re.M))
            continue
        code = re.sub(r'"(\\.|[^"\\\n])*"', '""', raw)
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", code, flags=re.S)
        codes[room, here] = code
        for m in re.finditer(DEFINED, code, re.M):
            names.setdefault((room, m[1]), here)
    for (room, here), code in codes.items():
        used = set(re.findall(r"(?<![.>\w])(?<!struct )(?<!enum )[a-zA-Z_]\w+", code))
        arrows[here] = {names[room, n] for n in used if (room, n) in names} - {here}
    return arrows


def circle(arrows):
    """Files of which each stands above the next and the last above the first; or None."""
    done = set()

    def walk(f, path):
        if f in path:
            return path[path.index(f) :]
        if f in done:
            return None
        for to in sorted(arrows.get(f, ())):
            found = walk(to, path + [f])
            if found:
                return found
        done.add(f)
        return None

    for f in sorted(arrows):
        found = walk(f, [])
        if found:
            return found
    return None


arrows = room_arrows()
kept = {f: {t for t in to if (f, t) not in LOOPS} for f, to in arrows.items()}
ring = circle(kept)
if ring:
    print("a circle: " + " -> ".join(ring + ring[:1]))
    bad += 1
for f, t in LOOPS:
    kept[f].add(t)
    if not ring and not (t in arrows.get(f, ()) and circle(kept)):
        print(f"{f} -> {t} closes no circle: strike it from LOOPS")
        bad += 1
    kept[f].discard(t)
print(f"layers: {bad} violation{'s' if bad != 1 else ''}")
sys.exit(bad > 0)
