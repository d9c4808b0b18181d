#!/usr/bin/env python3
"""Row 11: the same blocks give the same hashes on every compiler, locale and machine state.

Builds tests/determinism_test with gcc and clang at -O0 and -O3 and with gcc's sanitizers (only
the floors it needs), runs it under other locales, time zones, environments, fillings of memory,
with restarts at other heights, flushing in line and behind, transactions prepared by the caller
or by execute, and holds all that is printed against the first.

The locales are compiled below build/, from Debian's package "locales"; nothing is installed.
Each run says in words which locale it got: one that did not take effect is an error, and one
that cannot be compiled is skipped aloud.

    determinism.py FOLDER-OF-PROGRAMS [-v]
"""
import glob
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import time

FLOORS = ["base", "crypto", "state", "journal", "ledger", "data", "contract", "trade"]
SANITIZERS = "asan"  # BUILD=asan of the Makefile, whose objects `make full-check` leaves behind
COMPILERS = [("gcc", "-O0"), ("gcc", "-O3"), ("clang", "-O0"), ("clang", "-O3"), ("gcc", SANITIZERS)]
# What the test says of each: its name, its decimal point, its Sunday.
LOCALES = {
    "C": "locale C . Sunday",
    "zh_CN.UTF-8": "locale zh_CN.UTF-8 . 星期日",
    "tr_TR.UTF-8": "locale tr_TR.UTF-8 , Pazar",
}
I18N = pathlib.Path("/usr/share/i18n")
ZONES = ["Asia/Shanghai", "America/New_York", "UTC"]
TEST = "tests/determinism_test.c"


def compile_locales(folder):
    """Those of LOCALES that can be had; the others are told."""
    have = ["C"]
    for name in list(LOCALES)[1:]:
        language, charmap = name.split(".")
        there, new = folder / name, folder / (name + ".tmp")
        if not there.exists():
            inputs = [I18N / "locales" / language, I18N / "charmaps" / (charmap + ".gz")]
            missing = [str(i) for i in inputs if not i.exists()]
            if not shutil.which("localedef"):
                missing.append("localedef")
            if missing:
                print(f"SKIP: locale {name}: {', '.join(missing)} is not here (package locales)")
                continue
            shutil.rmtree(new, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(["localedef", "-i", language, "-f", charmap, str(new)], check=True)
            new.rename(there)
        have.append(name)
    return have


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
    make = ["make", "-s", f"-j{os.cpu_count() or 1}", f"O={out}", f"CC={cc}"]
    make += ["BUILD=asan"] if level == SANITIZERS else ["BUILD=debug", f"EXTRA_CFLAGS={level} -w"]
    # What make is run from hands down no options: they are another build's.
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CC")}
    subprocess.run(make + objects, check=True, env=env)
    packages = ["libsodium", "libcrypto", "lmdb", "libxml-2.0", "libprotobuf-c", "cmocka"]
    libs = subprocess.run(["pkg-config", "--libs"] + packages, check=True, capture_output=True, text=True)
    program = f"{out}/determinism"
    link = [compiler, "-pthread", "-o", program]
    link += ["-fsanitize=address,undefined"] if level == SANITIZERS else []
    subprocess.run(link + objects + libs.stdout.split() + ["-lm"], check=True)
    return program


def environment(locale, zone, locales, k, number):
    """Of run k of a build: locale and zone, memory filled with other rubbish, another stack and heap."""
    env = dict(os.environ, LC_ALL=locale, LANG=locale, TZ=zone, LOCPATH=str(locales.resolve()),
               ARGOSY_NOISE="x" * (k * 511))
    env.pop("LANGUAGE", None)
    fill = 1 + (37 * k + 91 * number) % 255
    env["MALLOC_PERTURB_"] = str(fill)
    # The sanitizers' malloc does not know that, but has its own.
    env["ASAN_OPTIONS"] = ":".join([f"malloc_fill_byte={fill}:max_malloc_fill_size=65536",
                                    f"free_fill_byte={255 - fill}:max_free_fill_size=65536",
                                    os.environ.get("ASAN_OPTIONS", "")])
    return env


def main():
    verbose = "-v" in sys.argv
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin").parent.parent
    begin = time.time()
    reference, runs, built, wrong = None, 0, [], []
    folder = top / "locales"
    locales = compile_locales(folder)
    settings = list(enumerate(itertools.product(locales, ZONES)))
    for number, (compiler, level) in enumerate(COMPILERS):
        sanitized = level == SANITIZERS
        program = build(compiler, level, f"{top}/{level}" if sanitized else f"{top}/det-{compiler}{level}")
        if not program:
            print(f"SKIP: {compiler} is not here")
            continue
        called = f"{compiler} -Og ASan+UBSan" if sanitized else f"{compiler} {level}"
        built.append(called)
        # Slow with the sanitizers: once in each locale, and another zone each time.
        for k, (locale, zone) in settings[::len(ZONES) + 1] if sanitized else settings:
            restarts = 0 if k == 0 else 1 + k + 100 * number
            flush = "background" if k % 2 else "sync"
            prepared = "own" if k % 3 == 1 else "given"
            what = [str(restarts), flush, prepared]
            r = subprocess.run([program, "--print"] + what, env=environment(locale, zone, folder, k, number),
                               capture_output=True, encoding="utf-8", errors="replace")
            runs += 1
            name = f"{called}, {locale}, {zone}, restarts {restarts}, {flush}, {prepared}"
            if verbose:
                print(f"{time.time() - begin:6.1f} s {name}: {r.stderr.strip()}")
            if r.returncode != 0 or len(r.stdout.splitlines()) < 10:
                wrong.append(f"{name}: exit {r.returncode}\n{r.stdout[-500:]}{r.stderr[-500:]}")
            elif LOCALES[locale] not in r.stderr.splitlines():
                wrong.append(f"{name}: the locale took no effect: {r.stderr[-200:]}")
            elif reference is None:
                reference = r.stdout
            elif r.stdout != reference:
                at = next((a for a, b in zip(r.stdout.splitlines(), reference.splitlines()) if a != b), "the end")
                wrong.append(f"{name}: another result, first at: {at[:100]}")
    for w in wrong:
        print("row 11: WRONG:", w)
    blocks = reference.splitlines()[-1].split()[0] if reference else 0
    last = reference.splitlines()[-1].split()[1][:16] if reference else "none"
    print(f"row 11: determinism: {blocks} blocks, {runs} runs ({', '.join(built)}; locales {', '.join(locales)}; "
          f"zones, memory, restarts, flushing), app hash {last}..., {len(wrong)} differ, {time.time() - begin:.0f} s")
    return 1 if wrong or runs < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
