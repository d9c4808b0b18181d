#!/usr/bin/env python3
"""model_row.py PROGRAMS [SECONDS] [SEED]: a random trade through the door, held against a naive model.

Several members bring dependent documents and acts in through `argosy import` and HTTP, on default
settings, some of them wrong or hostile. After each operation what the node says of its outcome must be
what tests/model/rules.py says; every now and then holder, owner, contents, histories, claims, traces and
proofs of all goods are compared. Runs trades of new seeds for SECONDS (120); a failing one is cut down to
the operations that it needs, and printed last with its seed.
"""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
from door import Door  # noqa: E402
from rules import C, H, Refused, World  # noqa: E402
from trade import COMPANIES, MEMBERS, Trade, epcis  # noqa: E402

OPERATIONS = 40  # of one trade
LOOK_EVERY = 8
PROOFS = 12
SHRINK_SECONDS = 240


class Different(Exception):
    pass


def same(what, node, model):
    if node != model:
        raise Different(f"{what}: the node says {node!r}, the model {model!r}")


# ---- one operation, on both ----

def importing(door, world, op):
    """A file is recorded whole, or not at all where one of its events is refused."""
    totals, codes = door.importing(op["member"], [epcis(e) for e in op["events"]])
    try:
        records = world.attempt(op["member"], op["events"])
    except Refused:
        same("the file's verdict", totals["verdict"], "refused")
        same("recorded of a refused file", totals["recorded"], 0)
        for n, code in refusals(world, op).items():
            same(f"the code of event {n}", codes.get(n), code)
        return
    same("the file's verdict", (totals["verdict"], codes), ("read", {}))
    same("recorded, known", (totals["recorded"], totals["known"]), (sum(records), records.count(0)))


def refusals(world, op):
    """Which events are refused where those before them that are good were recorded."""
    tried, out = world.copy(), {}
    for n, e in enumerate(op["events"]):
        try:
            tried.attempt(op["member"], [e])
        except Refused as r:
            out[n] = r.verdict
    return out


def proceeding(door, world, op):
    """--proceed records the good ones, each after the good ones before it."""
    expected = refusals(world, op)
    totals, codes = door.importing(op["member"], [epcis(e) for e in op["events"]], "--proceed")
    good = [e for n, e in enumerate(op["events"]) if n not in expected]
    records = world.attempt(op["member"], good)
    same("refused events", codes, expected)
    same("recorded, known, refused", (totals["recorded"], totals["known"], totals["refused"]),
         (sum(records), records.count(0), len(expected)))


WORDS = {"offer_custody": lambda a, names: ["custody", "offer", *names, "--to", a["to"]],
         "accept_custody": lambda a, names: ["custody", "accept", *names, "--from", a["from"]],
         "decline_custody": lambda a, names: ["custody", "decline", *names],
         "statement": lambda a, names: ["statement", "record", *names, "--partner", "a grower", "--text", "ripe"]}


def words(act):
    return WORDS[act["do"]](act, [r["uri"] for r in act["subjects"]])


def outcome(world, act):
    try:
        world.attempt(act["member"], [act])
        return "ok"
    except Refused as r:
        return r.verdict


def posting(door, world, op):
    """One request, several members: executed in the order of its bytes."""
    for n, verdict in enumerate(door.posting([(a["member"], words(a)) for a in op["acts"]])):
        same(f"transaction {n} of {len(op['acts'])}", verdict, outcome(world, op["acts"][n]))


def acting(door, world, op):
    same(op["do"], door.act(op["member"], *words(op)), outcome(world, op))


WAYS = {"import": importing, "proceed": proceeding, "post": posting, "act": acting}

# ---- looking at the goods ----


def look(door, world, names):
    for name in names:
        s = world.subject(name)
        node = door.item(name)
        if not s.history and not s.claims:
            same(name, node, None)
            continue
        if node is None:
            raise Different(f"{name}: the node knows nothing of it, the model {len(s.history)} events")
        same(f"{name}", {k: node[k] for k in ("events", "claims", "owner", "holder", "offered_to", "container",
                                              "children", "taken_in", "decommissioned")},
             {"events": len(s.history), "claims": len(s.claims), "owner": s.owner, "holder": s.holder,
              "offered_to": s.offered_to, "container": s.container, "children": len(s.children),
              "taken_in": s.taken_in, "decommissioned": s.decommissioned})


def look_trace(door, world, name):
    """What was recorded, claims too: each record once, with what it says here and whether it is void."""
    s = world.subject(name)
    rows = {}
    for chain, mode in ((s.claims, C), (s.history, H)):
        for n, e in enumerate(chain, 1):
            rows[e["record"]] = (e["who"], e["step"], mode == C, e.get("voids", 0), (mode, n) in s.void)
    node = sorted(door.trace(name)["events"], key=lambda e: e["index"])
    alone = {e["record"] for e in s.history + s.claims if e.get("alone")}
    same(f"the trace of {name}",
         [(e["who"], e["step"], e["claim"], e.get("voids", 0), e["voided"]) for e in node],
         [(*r[:4], (r[4] or k in alone) and not r[3]) for k, r in sorted(rows.items())])


def look_proof(door, world, name):
    s = world.subject(name)
    subject = door.proof(name)
    same(f"the proof of {name}",
         [(e["who"], e["step"], e["act"], e.get("declares_error_of", 0), e.get("declared_in_error_by", 0),
           e["unnamed"], e["taken_in"], e["declares_error"]) for e in subject["events"]],
         [(e["who"], e["step"], e.get("act", "event"), e.get("voids", 0), s.void.get((H, n), 0),
           e.get("unnamed", False), e.get("taken_in", False), bool(e.get("voids") or e.get("error")))
          for n, e in enumerate(s.history, 1)])
    same(f"the proof of {name}", (subject["holder"], subject["container"], subject["claims"]),
         (s.holder, s.container, len(s.claims)))


def look_all(door, world, trade):
    names = [r["name"] for r in trade.items + trade.units + trade.lots]
    look(door, world, names)
    told = [n for n in names if world.subject(n).history]
    for name in trade.random.sample(told, min(PROOFS, len(told))):
        look_trace(door, world, name)
        look_proof(door, world, name)


# ---- quotas ----


def used(door, member):
    quota = door.http("GET", f"/v1/members/{member}")["quota"]
    return quota["used"], quota["hour"]


def quotas(door, world, trade):
    """With a few units left a member acts until he is refused: just where what he names goes over."""
    member, left = "carl", trade.random.randint(20, 60)
    before, hour = used(door, member)
    limit = before + left
    door.must("member", "set", member, "--quota", str(limit))
    for _ in range(60):
        act = {"member": member, "do": "statement", "subjects": trade.sample(trade.items, 5)}
        path = door.signed(member, *words(act))
        named = (os.path.getsize(path) + 1023) // 1024 + 1 + len(act["subjects"])
        before, hour_before = used(door, member)
        over = before + named > limit
        verdict = door.submit(path)
        after, hour_after = used(door, member)
        if hour_after != hour:
            break  # a new hour, with all of its units
        same("the quota's verdict", verdict, "quota" if over else outcome(world, act))
        if before >= limit:
            same("used, where the hour was used up before", after, before)
            same("again", door.submit(path), "quota")
            break
        if not over and not before + named <= after <= before + named + 2 * len(act["subjects"]) + 10:
            raise Different(f"{named} units named, {after - before} taken")
        if over:
            same("units that a refused transaction takes", after - before, named)
    door.must("member", "set", member, "--quota", "default")


# ---- one trade ----

def play(programs, folder, keys, seed, operations=None):
    """Plays a trade, or the operations given. Gives those played, and what differed (None: nothing)."""
    door, world, trade, played = Door(programs, folder, keys, MEMBERS), World(), Trade(seed), []
    try:
        for m, company in COMPANIES.items():
            same("prefix", door.act(m, "prefix", "register", company, person=True), "ok")
            world.attempt(m, [{"do": "register_prefix", "prefix": company}])
        for n in range(OPERATIONS if operations is None else len(operations)):
            op = trade.operation(world) if operations is None else operations[n]
            played.append(op)
            WAYS[op["way"]](door, world, op)
            if n % LOOK_EVERY == LOOK_EVERY - 1:
                look_all(door, world, trade)
        if operations is None:
            quotas(door, world, trade)
        look_all(door, world, trade)
    except Different as d:
        return played, str(d), world
    finally:
        door.close()
    return played, None, world


def shrink(programs, folder, keys, seed, operations):
    """Takes operations, then events, away while the rest still differs."""
    end = time.monotonic() + SHRINK_SECONDS

    def fails(ops):
        return ops and time.monotonic() < end and play(programs, folder, keys, seed, ops)[1]

    size = len(operations) // 2
    while size:
        at = 0
        while at < len(operations):
            less = operations[:at] + operations[at + size:]
            if fails(less):
                operations = less
            else:
                at += size
        size //= 2
    for n, op in enumerate(operations):
        parts = "acts" if "acts" in op else "events"
        size = len(op.get(parts, [])) // 2
        while size:
            at = 0
            while at < len(op[parts]):
                less = dict(op, **{parts: op[parts][:at] + op[parts][at + size:]})
                if less[parts] and fails(operations[:n] + [less] + operations[n + 1:]):
                    op = operations[n] = less
                else:
                    at += size
            size //= 2
    return operations


def tell(op):
    if "acts" in op:
        return "\n".join(["in one request"] + ["    " + tell(a) for a in op["acts"]])
    if "events" not in op:
        return f"{op['member']} {op['do']} {[r['uri'] for r in op['subjects']]} {op.get('to', op.get('from', ''))}"
    return "\n".join([f"{op['member']} {op['way']}"] + [f"    {epcis(e)}" for e in op["events"]])


def main():
    programs = os.path.abspath(sys.argv[1])
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 120
    asked = sys.argv[3] if len(sys.argv) > 3 else os.environ.get("ARGOSY_SEED")
    seed = int(asked) if asked else int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}", flush=True)
    begin, trades, operations, events, records = time.monotonic(), 0, 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="argosy-model-") as folder:
        keys, node = os.path.join(folder, "keys"), os.path.join(folder, "trade")
        while trades == 0 or time.monotonic() - begin < seconds:
            played, different, world = play(programs, node, keys, seed + trades)
            if different:
                print(f"seed {seed + trades}, operation {len(played)}: {different}; cutting it down")
                least = shrink(programs, node, keys, seed + trades, played)
                different = play(programs, node, keys, seed + trades, least)[1] or different
                print("\n".join(tell(op) for op in least))
                print(f"row model: FAILED with seed {seed + trades}: {different}")
                sys.exit(1)
            trades += 1
            operations += len(played)
            events += sum(len(op.get("events", [])) for op in played)
            records += world.records
    print(f"row model: {trades} trades from seed {seed}, {operations} operations of {len(MEMBERS)} members, {events} "
          f"events, {records} records: node and model agree, {time.monotonic() - begin:.0f} s")


main()
