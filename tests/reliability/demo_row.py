#!/usr/bin/env python3
"""demo_row.py PROGRAMS: the sample trade, run whole into a folder of its own, and what it leaves.

Checks that argosy-verify accepts both proofs with nothing but the fingerprint, that the parcel has
exactly twenty events, that all five kinds of event were recorded, that the proof fits its size, and
that a proof with any of some hundred bytes changed is refused with exit code 4.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

PARCEL = "01/09521102000015/21/K7Q2M4X9"
RAW = ("01/09521101000016/10/LR-260109", "01/09521199000011/10/CM-1187")
KINDS = {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"}
BUNDLE_BYTES_MAX = 2600
SECONDS_MAX = 1800  # to end a hang; alone it takes some ten
TAMPERED = 100


def fail(what):
    print("row demo: FAILED:", what)
    sys.exit(1)


def run(args, **more):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          timeout=SECONDS_MAX, text=True, **more)


def main():
    programs = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ARGOSY", "LC_", "LANG"))}
    argosy, verifier = os.path.join(programs, "argosy"), os.path.join(programs, "argosy-verify")

    with tempfile.TemporaryDirectory(prefix="argosy-demo-") as folder:
        environment.update(HOME=folder, XDG_CONFIG_HOME=folder, XDG_STATE_HOME=folder)
        out = os.path.join(folder, "demo")
        begin = time.monotonic()
        for lang in ("zh", "en"):  # the second run must not mind the first
            done = run([os.path.join(root, "tools/demo"), "--bin", programs, "--lang", lang, out], env=environment)
            if done.returncode != 0:
                print(done.stdout[-4000:])
                fail(f"tools/demo --lang {lang}: exit {done.returncode}")
        seconds = (time.monotonic() - begin) / 2

        genesis = open(os.path.join(out, "genesis.txt")).read()
        if len(genesis) != 65 or genesis[64] != "\n":
            fail("genesis.txt is not the fingerprint alone")
        genesis = genesis[:64]
        bundle = os.path.join(out, "parcel.bundle")
        journey = os.path.join(out, "journey.bundle")

        def verify(path):
            return run([verifier, path, "--genesis", genesis, "--json"], env=environment)

        good = verify(bundle)
        if good.returncode != 0:
            fail("the parcel's proof is refused: " + good.stdout)
        subjects = json.loads(good.stdout)["subjects"]
        events = subjects[0]["events"]
        if subjects[0]["id"] != PARCEL or len(events) != 20:
            fail(f"{len(events)} events of {subjects[0]['id']}")
        whole = verify(journey)
        if whole.returncode != 0:
            fail("the journey is refused: " + whole.stdout)
        reached = {s["id"] for s in json.loads(whole.stdout)["subjects"]}
        if not reached.issuperset(RAW):
            fail("the journey does not reach the raw materials")
        wrong = run([verifier, bundle, "--genesis", "0" * 64], env=environment)
        if wrong.returncode != 4:
            fail(f"another chain's fingerprint: exit {wrong.returncode}")

        exported = os.path.join(folder, "all.jsonld")
        done = run([argosy, "export", "epcis", "--data-dir", os.path.join(out, "node"), "-o", exported], env=environment)
        if done.returncode != 0:
            fail("export: " + done.stdout)
        with open(exported, encoding="utf-8") as f:
            recorded = [e["type"] for e in json.load(f)["epcisBody"]["eventList"]]
        if set(recorded) != KINDS:
            fail(f"kinds of events: {sorted(set(recorded))}")
        checked = run([argosy, "verify", "--data-dir", os.path.join(out, "node")], env=environment)
        if checked.returncode != 0:
            fail("argosy verify: " + checked.stdout)

        content = open(bundle, "rb").read()
        if len(content) > BUNDLE_BYTES_MAX:
            fail(f"the proof has {len(content)} bytes")
        tampered = os.path.join(folder, "tampered.bundle")
        for i in range(TAMPERED):
            at = i * len(content) // TAMPERED
            with open(tampered, "wb") as f:
                f.write(content[:at] + bytes([content[at] ^ 1 << i % 8]) + content[at + 1:])
            code = verify(tampered).returncode
            if code != 4:
                fail(f"byte {at} changed: exit {code}")
        print(f"row demo: {len(recorded)} events of {len(KINDS)} kinds, {len(events)} of the parcel in {len(content)} bytes,"
              f" {TAMPERED} changed proofs refused, {seconds:.0f} s")


main()
