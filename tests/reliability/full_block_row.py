#!/usr/bin/env python3
"""full_block_row.py PROGRAMS: more work in one request than a block may hold.

Containers that are emptied without naming what is in them: each event is small and touches thousands of
things, so that the transactions of one request fit into a block by count and bytes, and not by work. The
end of them is put off to the next block; whoever sent them sees nothing of that: no verdict "deferred",
all is done, in the order in which it was sent.
"""
import atexit
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
import door as doors  # noqa: E402

# One transaction an event, and as many as `argosy import` sends in one request (WINDOW_TXS). Emptying
# touches the container and what was in it, so these make more than the 262,144 units of a block.
CONTAINERS, INSIDE = 32, 8200
BLOCK_UNITS_MAX = 262144
doors.WAIT_SECONDS = 1800  # ends a hang; alone all of it takes some forty


def fail(what):
    print("row full_block: FAILED:", what)
    sys.exit(1)


def box(n):
    return f"https://id.example.com/boxes/{n}"


def thing(n, k):
    return f"https://id.example.com/things/{n}/{k}"


def event(n, day, action, step, children):
    return {"type": "AggregationEvent", "eventTime": f"2026-01-{day:02}T00:00:00Z", "eventTimeZoneOffset": "+00:00",
            "action": action, "bizStep": step, "parentID": box(n), "childEPCs": children}


def main():
    with tempfile.TemporaryDirectory(prefix="argosy-full-") as folder:
        door = doors.Door(os.path.abspath(sys.argv[1]), os.path.join(folder, "door"), os.path.join(folder, "keys"),
                          ["packer"])
        atexit.register(door.daemon.kill)  # where the row fails; after its end that does nothing

        def imported(events):
            totals, codes = door.importing("packer", events, "--batch", "1")
            if (totals["recorded"], codes) != (len(events), {}):
                fail(f"{totals} {codes}")

        def used():
            return json.loads(door.must("member", "show", "packer", "--json"))["quota"]

        imported([event(n, 2, "ADD", "packing", [thing(n, k) for k in range(INSIDE)]) for n in range(CONTAINERS)])
        before = used()
        imported([event(n, 3, "DELETE", "unpacking", []) for n in range(CONTAINERS)])
        after = used()
        # What was counted is only known within one hour of the clock.
        if before["hour"] == after["hour"] and after["used"] - before["used"] <= BLOCK_UNITS_MAX:
            fail(f"the unpackings took {after['used'] - before['used']} units: they fit into a block")

        done = []
        for n in range(CONTAINERS):
            last = door.trace(box(n))["events"][-1]
            done.append((last["index"], last["height"]))
            for name in (box(n), thing(n, 0), thing(n, INSIDE // 2), thing(n, INSIDE - 1)):
                item = door.item(name)
                if item["events"] != 2 or item.get("container") or item.get("children"):
                    fail(f"after its unpacking: {item}")
        if done != sorted(done):
            fail(f"not in the order in which they were sent: {done}")
        blocks = [[h for _, h in done].count(h) for h in sorted({h for _, h in done})]
        if max(blocks) * (INSIDE + 1) > BLOCK_UNITS_MAX:
            fail(f"a block has more than its work: {blocks}")
        door.close()
    print(f"row full_block: {CONTAINERS} containers of {INSIDE:,} emptied by one request, in blocks of "
          + ", ".join(map(str, blocks)))


if __name__ == "__main__":
    main()
