#!/usr/bin/env python3
"""reads_row.py PROGRAMS: what anybody can make long does not make reads long.

One item has 20,000 events, and as many declarations that each of them was an error, by its holder: 40,000
entries. A container has as many while another item is in it, whose journey they belong to. Trace and proof
look at each entry a few times, and sort:

    trace: 40,000 records x (20 + 600 bytes / 64 + some)  = 1.5 million of 20 million steps
    proof: 40,000 records x (1 + 600 bytes / 64 + some)   = 0.6 million of 50 million

Had they looked, for each declaration, through the events before it, 20,000 x 20,000 / 2 = 200 million steps
would stand against both bounds (WORK_MAX in trade/trace.c, BOOK_WORK_MAX of proofs), which end such reads.
Work that nobody counts shows in the CPU time of the node: a read takes some 0.3 s of it, and took, while it was
not linear, 17 to 37 (by what 45,000 events took). An item that goes into a container and out of it again is there
once for each stay, so that it has fewer of them: 1,000, all of them declared in error.

What is over a bound says so: a product made of 10,100 things has more than the 10,000 subjects of a trace
and of a proof, one made of 12,000 in two records is woven too densely for a proof. The trace gives the first
and says what it left out, the proof says why there is none.
"""
import atexit
import itertools
import json
import os
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
import door as doors  # noqa: E402

EVENTS = 20000
MOVES = 2000
SUBJECTS_MAX = 10000
CPU_SECONDS_MAX = 8  # of the node, for one read
doors.WAIT_SECONDS = 1800  # ends a hang

PLACE = "https://id.example.com/"
ITEM, BOX, INSIDE, CRATE, MOVED, MADE, WOVEN = (
    PLACE + n for n in ("item", "box", "inside", "crate", "moved", "made", "woven"))


def fail(what):
    print("row reads: FAILED:", what)
    sys.exit(1)


def event(kind, n, **more):
    second = 60 * 60 * 24 + n
    return {"type": kind, "eventID": f"urn:uuid:{kind[0].encode().hex()}000000-0000-4000-8000-{n:012x}",
            "eventTime": f"2026-01-{second // 86400 + 1:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:"
                         f"{second % 60:02}Z",
            "eventTimeZoneOffset": "+00:00", **more}


def declared(e):
    return {**e, "errorDeclaration": {"declarationTime": "2026-02-01T00:00:00Z", "reason": "incorrect_data"}}


def main():
    seconds = {}

    def cpu():
        with open(f"/proc/{door.daemon.pid}/stat") as f:
            ticks = f.read().rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def timed(what, do, *args):
        begin = cpu()
        out = do(*args)
        seconds[what] = cpu() - begin
        if seconds[what] > CPU_SECONDS_MAX:
            fail(f"{what} took the node {seconds[what]:.1f} s of CPU")
        return out

    with tempfile.TemporaryDirectory(prefix="argosy-reads-") as folder:
        door = doors.Door(os.path.abspath(sys.argv[1]), os.path.join(folder, "door"), os.path.join(folder, "keys"),
                          ["holder", "other"])
        atexit.register(door.daemon.kill)  # where the row fails; after its end that does nothing

        def imported(events):
            totals, codes = door.importing("holder", events)
            if (totals["recorded"], codes) != (len(events), {}):
                fail(f"{totals} {codes}")

        def trace(name, direction):
            return door.http("GET", "/v1/items/" + name.replace("/", "%2F") + "/trace?direction=" + direction)

        def proven(name, *how):
            path = os.path.join(folder, "proof.bundle")
            door.must("prove", name, *how, "-o", path)
            done = door.run("argosy-verify", path, "--genesis", door.genesis, "--json")
            if done.returncode:
                fail(f"the proof of {name} is refused: {done.stdout[-500:]}")
            said = json.loads(done.stdout)
            return {s["id"]: s["events"] for s in said["subjects"]}

        def moved(box, item, n, into):
            return event("AggregationEvent", n, action="ADD" if into else "DELETE", parentID=box, childEPCs=[item],
                         bizStep="packing" if into else "unpacking")

        def observed(what, first):
            return [event("ObjectEvent", first + n, action="OBSERVE", bizStep="inspecting", epcList=[what])
                    for n in range(EVENTS)]

        many = [observed(ITEM, 0), observed(BOX, EVENTS),
                [moved(CRATE, MOVED, n + 1, n % 2 == 0) for n in range(MOVES)]]
        imported([moved(BOX, INSIDE, 0, True)])
        for one in many:
            imported(one)
            imported([declared(e) for e in one])

        for name, entries, of_them_void in ((ITEM, 2 * EVENTS, EVENTS), (BOX, 2 * EVENTS + 1, EVENTS),
                                            (MOVED, 2 * MOVES, MOVES)):
            history = timed(f"trace {name[len(PLACE):]}", trace, name, "self")
            own = [e for e in history["events"] if e["subject"] == name]
            if history["truncated"] or (len(own), sum(e["voided"] for e in own)) != (entries, of_them_void):
                fail(f"trace of {name}: {len(own)} events, {history.get('cut')}")
            proof = timed(f"prove {name[len(PLACE):]}", proven, name)[name]
            if (len(proof), sum("declared_in_error_by" in e for e in proof)) != (entries, of_them_void):
                fail(f"proof of {name}: {len(proof)} events")
        for name, box, entries in ((INSIDE, BOX, 2 * EVENTS + 1), (MOVED, CRATE, 2 * MOVES)):
            up = timed(f"trace {name[len(PLACE):]} up", trace, name, "up")
            if up["truncated"] or {n["id"] for n in up["nodes"]} != {name, box}:
                fail(f"trace of {name} up: {len(up['nodes'])} subjects, {up.get('cut')}")
            journey = timed(f"journey {name[len(PLACE):]}", proven, name, "--journey")
            if set(journey) != {name, box} or len(journey[box]) != entries:
                fail(f"journey of {name}: {[(k, len(v)) for k, v in journey.items()]}")
        if len(timed("journey item", proven, ITEM, "--journey")[ITEM]) != 2 * EVENTS:
            fail("journey of the item")

        # What another claims meanwhile changes the item's row in every block, and holds no proof off.
        over = threading.Event()

        def claiming(who):
            for n in itertools.takewhile(lambda _: not over.is_set(), itertools.count()):
                path = os.path.join(folder, f"claims-{who}-{n}.jsonld")
                with open(path, "w") as f:
                    json.dump(doors.document([dict(observed(ITEM, 0)[0], eventID=f"urn:x:claim/{who}/{n}/{k}")
                                              for k in range(40)]), f)
                door.run("argosy", "import", "epcis", path, "--batch", "1", "--no-receipts", "--member", "other", "--key",
                         door.key("other", "agent"))

        threads = [threading.Thread(target=claiming, args=(who,)) for who in range(3)]
        for t in threads:
            t.start()
        while door.item(ITEM)["claims"] < 100:
            time.sleep(0.02)
        try:
            for _ in range(5):
                if len(proven(ITEM)[ITEM]) != 2 * EVENTS:
                    fail("a proof amid claims")
        finally:
            over.set()
            for t in threads:
                t.join()
        claims = door.item(ITEM)["claims"]

        # Over a bound. Made of more things than a trace or a proof takes, in many small records.
        def made(whole, parts, of_each):
            imported([event("TransformationEvent", n, eventID=f"urn:x:{whole}/{n}", outputEPCList=[f"{whole}/{n}"],
                            inputEPCList=[f"{whole}/{n}/{k}" for k in range(of_each)]) for n in range(parts)]
                     + [event("TransformationEvent", parts, eventID=f"urn:x:{whole}", outputEPCList=[whole],
                              inputEPCList=[f"{whole}/{n}" for n in range(parts)])])

        def none(whole, why):
            done = door.run("argosy", "prove", whole, "--journey", "-o", os.path.join(folder, "none.bundle"))
            if done.returncode != 1 or why not in done.stderr or os.path.exists(os.path.join(folder, "none.bundle")):
                fail(f"the journey of {whole}: exit {done.returncode}: {done.stderr}")
            if set(proven(whole)) != {whole}:
                fail("its own history is proven all the same")

        made(MADE, SUBJECTS_MAX // 100 + 1, 100)
        cut = trace(MADE, "up")
        if not cut["truncated"] or not cut.get("cut") or len(cut["nodes"]) > SUBJECTS_MAX:
            fail(f"a trace of {len(cut['nodes'])} subjects says {cut.get('cut')}")
        told = door.run("argosy", "trace", MADE, "--up")
        if told.returncode or cut["cut"] not in told.stderr:
            fail("the command does not say what its trace left out: " + told.stderr)
        none(MADE, f"more than {SUBJECTS_MAX} subjects")
        # Each of the 6,000 reads the record of 200 KB that it stands in: 2 x 6,000 x 3,000 steps and more.
        made(WOVEN, 2, 6000)
        none(WOVEN, "more densely woven, than a proof may read")
        door.close()
    print(f"row reads: {2 * EVENTS:,} entries of a history, half of them void; CPU of the node: "
          + ", ".join(f"{k} {v:.2f} s" for k, v in seconds.items()))


if __name__ == "__main__":
    main()
