#!/usr/bin/env python3
"""Row 11: the same blocks give the same hashes on every compiler, locale and machine state.

Builds tests/determinism_test with gcc and clang at -O0 and -O3 (only the floors it needs),
runs it under other locales, time zones, environments, fillings of freed memory, with restarts
at other heights, flushing in line and behind, transactions prepared by the caller or by
execute, and holds all that is printed against the first.

    determinism.py FOLDER-OF-PROGRAMS [-v]
"""
import glob
import itertools
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

FLOORS = ["base", "crypto", "ledger", "data", "contract", "trade"]
COMPILERS = [("gcc", "-O0"), ("gcc", "-O3"), ("clang", "-O0"), ("clang", "-O3")]
LOCALES = ["C", "zh_CN.UTF-8", "tr_TR.UTF-8"]
ZONES = ["Asia/Shanghai", "America/New_York", "UTC"]
TEST = "tests/determinism_test.c"


def build(compiler, level, out):
    """The program's path, or None where the compiler is missing."""
    if not shutil.which(compiler):
        return None
    cc = f"ccache {compiler}" if shutil.which("ccache") else compiler
    sources = [s for f in FLOORS for s in sorted(glob.glob(f"src/{f}/*.c")) if not s.endswith("_test.c")]
    protos = sorted(glob.glob("proto/argosy/v1/*.proto"))
    objects = [f"{out}/obj/{s[:-2]}.o" for s in sources + [TEST]]
    objects += [f"{out}/obj/gen/{p[len('proto/'):-len('.proto')]}.pb-c.o" for p in protos]
    # Objects alone: what lies above the ledger is no part of it.
    make = ["make", "-s", f"-j{os.cpu_count() or 1}", "BUILD=debug", f"O={out}", f"CC={cc}",
            f"EXTRA_CFLAGS={level} -w"]
    # What make is run from hands down no options: they are another build's.
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CC")}
    subprocess.run(make + objects, check=True, env=env)
    packages = ["libsodium", "libcrypto", "lmdb", "libxml-2.0", "libprotobuf-c", "cmocka"]
    libs = subprocess.run(["pkg-config", "--libs"] + packages, check=True, capture_output=True, text=True)
    program = f"{out}/determinism"
    subprocess.run(shlex.split(compiler) + ["-pthread", "-o", program] + objects + libs.stdout.split() + ["-lm"],
                   check=True)
    return program


def main():
    verbose = "-v" in sys.argv
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin").parent.parent
    begin = time.time()
    reference, runs, built, wrong = None, 0, [], []
    settings = list(itertools.product(LOCALES, ZONES))
    for number, (compiler, level) in enumerate(COMPILERS):
        program = build(compiler, level, f"{top}/det-{compiler}{level}")
        if not program:
            print(f"SKIP: {compiler} is not here")
            continue
        built.append(f"{compiler} {level}")
        for k, (locale, zone) in enumerate(settings):
            restarts = 0 if k == 0 else 1 + k + 100 * number
            flush = "background" if k % 2 else "sync"
            prepared = "own" if k % 3 == 1 else "given"
            env = dict(os.environ, LC_ALL=locale, LANG=locale, TZ=zone,
                       MALLOC_PERTURB_=str(1 + (37 * k + 91 * number) % 255),
                       ARGOSY_NOISE="x" * (k * 511))  # another stack, another heap
            what = [str(restarts), flush, prepared]
            r = subprocess.run([program, "--print"] + what, env=env, capture_output=True, text=True)
            runs += 1
            name = f"{compiler} {level}, {locale}, {zone}, restarts {restarts}, {flush}, {prepared}"
            if verbose:
                print(f"{time.time() - begin:6.1f} s {name}")
            if r.returncode != 0 or len(r.stdout.splitlines()) < 10:
                wrong.append(f"{name}: exit {r.returncode}\n{r.stdout[-500:]}{r.stderr[-500:]}")
            elif reference is None:
                reference = r.stdout
            elif r.stdout != reference:
                at = next((a for a, b in zip(r.stdout.splitlines(), reference.splitlines()) if a != b), "the end")
                wrong.append(f"{name}: another result, first at: {at[:100]}")
    for w in wrong:
        print("row 11: WRONG:", w)
    blocks = reference.splitlines()[-1].split()[0] if reference else 0
    last = reference.splitlines()[-1].split()[1][:16] if reference else "none"
    print(f"row 11: determinism: {blocks} blocks, {runs} runs ({', '.join(built)}; locales, zones, memory, "
          f"restarts, flushing), app hash {last}..., {len(wrong)} differ, {time.time() - begin:.0f} s")
    return 1 if wrong or runs < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
