#!/usr/bin/env python3
"""adversary_row.py PROGRAMS [SECTION|NAME]...: every attack of tests/adversary/table.tsv, tried anew.

The attacks go against one node of the built programs on default settings (those of an operator against nodes
of their own); what came of each is held against the table. Rows that C tests hold look into what those said when
they last ran, and run them where they have not since they were built. Those that did not hold are printed last.
"""
import importlib
import os
import re
import subprocess
import sys
import tempfile
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "adversary"))
from world import Worked, World  # noqa: E402

COLUMNS = ["section", "attack", "held by", "who", "what", "expected"]
SECTIONS = [f"2.{n}" for n in range(1, 16)]
C_SECONDS = 1500  # to end a hang alone


def table():
    with open(os.path.join(ROOT, "tests", "adversary", "table.tsv"), encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f]
    if lines[0] != COLUMNS or any(len(line) != len(COLUMNS) or "" in line for line in lines):
        raise SystemExit("row adversary: FAILED: table.tsv has a line that does not have its six columns")
    rows = [dict(zip(COLUMNS, line)) for line in lines[1:]]
    names = [r["attack"] for r in rows]
    twice = {n for n in names if names.count(n) > 1}
    missing = [s for s in SECTIONS if s not in {r["section"] for r in rows}]
    if twice or missing:
        raise SystemExit(f"row adversary: FAILED: table.tsv: twice {sorted(twice)}, no row of {missing}")
    return rows


class CTests:
    """What the C tests beside the programs said."""

    def __init__(self, programs):
        self.out = os.path.dirname(programs)
        self.said = {}

    def text(self, source):
        if source not in self.said:
            program = os.path.join(self.out, "test", source[:-2])
            log = os.path.join(self.out, "log", source[:-2].replace("/", "-") + ".log")
            fresh = os.path.exists(program) and os.path.exists(log) and os.path.getmtime(log) >= os.path.getmtime(program)
            text = ""
            if fresh:
                with open(log, encoding="utf-8", errors="replace") as f:
                    text = f.read()
            elif os.path.exists(program):
                done = subprocess.run([program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                      timeout=C_SECONDS)
                text = done.stdout.decode(errors="replace")
            else:
                text = None
            self.said[source] = text
        return self.said[source]

    def holds(self, where):
        source, _, test = where.partition(":")
        with open(os.path.join(ROOT, source), encoding="utf-8") as f:
            if test != "*" and not re.search(rf"^static void {re.escape(test)}\(", f.read(), re.M):
                raise Worked("there is no such test")
        text = self.text(source)
        if text is None:
            return None
        if test == "*":
            good = re.search(r"^\[  PASSED  \] [1-9]\d* test", text, re.M) and "[  FAILED  ]" not in text
        else:
            good = re.search(rf"^\[       OK \] {re.escape(test)}$", text, re.M)
        if not good:
            raise Worked("it did not run and pass")
        return "held"


def attempt(world, c_tests, held_by):
    if ".c:" in held_by:
        return c_tests.holds(held_by)
    module, _, function = held_by.partition(".")
    out = getattr(importlib.import_module(module), function)(world)
    if not world.alive():
        raise Worked("the node is gone")
    return out


def main():
    programs, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    rows = [r for r in table() if not wanted or r["section"] in wanted or r["attack"] in wanted]
    failed, skipped, c_tests = [], set(), CTests(programs)
    with tempfile.TemporaryDirectory(prefix="argosy-adversary-") as folder:
        world = World(programs, os.path.join(folder, "w"))
        for r in rows:
            try:
                out = attempt(world, c_tests, r["held by"])
            except Worked as e:
                out = f"it worked: {e}"
            except Exception:  # whatever else: it is a row that did not hold
                out = traceback.format_exc()
            if out is None:
                skipped.add(r["held by"].split(":")[0])
            elif out != r["expected"]:
                failed.append(f"{r['section']} {r['attack']} ({r['who']}: {r['what']}): wanted {r['expected']}, got {out}")
                if not world.daemon.poll() is None:
                    break
        if world.daemon.poll() is None:
            world.close()
            checked = world.run("argosy", "verify")
            if checked.returncode:
                failed.append(f"afterwards \"argosy verify\" says: {checked.stdout}{checked.stderr}")
    for source in sorted(skipped):
        print(f"SKIP: adversary: {source} is not built here")
    if failed:
        print(f"row adversary: FAILED: {len(failed)} of {len(rows)} attacks")
        print("\n".join(failed))
        sys.exit(1)
    print(f"row adversary: {len(rows)} attacks, all held" + (f", but for those of {len(skipped)} tests" if skipped else ""))


main()
