"""2.1, 2.9, 2.12: to name little and do much; to nest, to fill, to starve."""
import threading

from world import (ROWS_OF_ACTION, TX_MOST, UNITS_OF_BLOCK, UNITS_OF_TX, World, act, check, event, lp, observed, packed,
                   unpacked)

LARGE = 9999


def declarations(w):
    """149 KB: an event about 10,000 things and 999 declarations of it, each naming one. It cost 101 s and 6.1 GB."""
    things, id = w.many(LARGE), "urn:uuid:8f1d9a1e-0000-4000-8000-000000000001"
    acts = [observed(*things, id=id)] + [observed(things[i], id=id, error=2) for i in range(999)]
    blocks = w.http("GET", "/v1/status")["height"]
    verdict, units = w.charged("eve", lambda: w.verdict("eve", *acts))
    check(w.item(things[0]) is None, "something of it was recorded")
    check(LARGE < units < TX_MOST, f"charged {units} units")
    check(w.http("GET", "/v1/status")["height"] - blocks < 20, "it filled blocks")
    return verdict


def declarations_one_by_one(w):
    """The same as transactions of their own: one mark, then every one is paid for and refused."""
    things, id = w.many(LARGE), "urn:uuid:8f1d9a1e-0000-4000-8000-000000000002"
    w.does("eve", observed(*things, id=id))
    w.does("eve", observed(things[0], id=id, error=2))
    records = w.http("GET", "/v1/status")["records"]
    for i in range(1, 30):
        verdict, units = w.charged("eve", lambda: w.verdict("eve", observed(things[i], id=id, error=i % 27 + 3)))
        check(units < ROWS_OF_ACTION, f"charged {units} for one")
    check(w.http("GET", "/v1/status")["records"] == records, "further declarations were recorded")
    check(w.item(things[5])["events"] == 2, "more than one mark")
    return verdict


def unpack_all(w):
    """Seven containers of 9,999 emptied in one transaction, which names seven things."""
    boxes = w.many(7, "box")
    for i, box in enumerate(boxes):
        w.does("eve", packed(box, *w.many(LARGE)))
    verdict, units = w.charged("eve", lambda: w.verdict("eve", *[unpacked(b) for b in boxes]))
    check(UNITS_OF_TX < units < TX_MOST, f"charged {units} units")
    check(w.item(boxes[0])["children"] == LARGE, "half of it was done")
    return verdict


def one_block(w):
    """Six transactions at once, each near the bound of a transaction, and a neighbour's between them: blocks are bounded,
    what does not fit is put off, and nobody's is lost."""
    at, other = w.http("GET", "/v1/status")["height"], w.fresh()
    heavy = [w.sealed("eve", [observed(*w.many(LARGE)) for _ in range(5 if k < 5 else 2)]) for k in range(6)]
    out = []
    t = threading.Thread(target=lambda: out.append(w.send(*heavy)))
    t.start()
    mine = w.says("anna", observed(other))
    t.join()
    check(mine["verdict"] == "ok", f"the neighbour's: {mine}")
    check(all(a["verdict"] == "ok" for a in out[0]), f"lost: {[a['verdict'] for a in out[0]]}")
    each = {}
    for a in out[0]:
        each[a["height"]] = each.get(a["height"], 0) + 5 * LARGE
    check(max(each.values()) <= UNITS_OF_BLOCK + TX_MOST, f"a block did {max(each.values())} rows")
    check(len(each) >= 2, f"all in one block after {at}: {each}")
    check(mine["height"] - at < 8, f"the neighbour's stood {mine['height'] - at} blocks behind")
    return "ok"


def quota(w):
    """Four acts that name 40,000 keys, by a member with a quota of 30,000: refused, charged, and the id is used."""
    w.must("member", "set", "dora", "--quota", "30000")
    sealed = w.sealed("dora", [observed(*w.many(LARGE)) for _ in range(4)])
    (first,), units = w.charged("dora", lambda: w.send(sealed))
    check(first["verdict"] == "quota", f"{first}")
    check(units >= 4 * LARGE, f"charged {units} only")
    again = w.send(sealed)[0]
    check(again["verdict"] == "quota" and again["records"] == 0, f"again: {again}")
    check(w.verdict("dora", observed(w.fresh())) == "quota", "the hour was not used up")
    w.must("member", "set", "dora", "--quota", "default")
    check(w.verdict("dora", observed(w.fresh())) == "ok", "the quota of one hangs on")
    return first["verdict"]


def quota_of_another(w):
    """eve signs with her key and writes anna's name: nothing is charged to anna."""
    hour, used = w.used("anna")
    verdict = w.verdict("anna", observed(*w.many(1000)), person=w.signers["eve", "agent"])
    check(w.used("anna") in ((hour, used), (w.used("anna")[0], 0)), "anna was charged")
    return verdict


def default_quota(w):
    q = w.http("GET", "/v1/members/eve")["quota"]
    check(q["limit"] == 4000000, f"the default is {q}")
    text = w.must("member", "show", "eve")
    check("4000000" in text.replace(",", "").replace(" ", ""), f"member show: {text}")
    return str(q["limit"])


def raises_her_quota(w):
    """eve, and anna's node: quotas are the operator's."""
    return w.verdict("eve", act("set_member", f1="eve", f4=1 << 60), person=True)


def nesting(w):
    """A tower of 13 into one of 14: then nobody could say anything of what is inside."""
    tower, other = w.many(14, "tower"), w.many(14, "other")
    for t, n in ((tower, 14), (other, 14)):
        for i in range(n - 1):
            w.does("eve", packed(t[i + 1], t[i]))
    verdict = w.verdict("eve", packed(other[0], tower[-1]))
    check(w.outcome("dora", observed(tower[0]), tower[0]) == "claim", "customs is silenced")
    check(w.outcome("eve", observed(tower[0]), tower[0]) == "history", "the holder is silenced")
    return verdict


def nesting_by_bound(w):
    """The bound of a height only grows until the last child leaves: what eve builds high is hers alone to suffer."""
    goods = w.fresh("pallet")
    w.does("anna", observed(goods, step="storing"))
    tower = w.many(16, "tower")
    for i in range(15):
        w.does("eve", packed(tower[i + 1], tower[i]))
    check(w.verdict("eve", packed(tower[-1], goods)) == "not_holder", "she packed what is anna's")
    check(w.verdict("eve", packed(goods, tower[0])) == "not_holder", "she packed into what is anna's")
    return w.outcome("anna", packed(goods, w.fresh("inner")), goods)


def cycle(w):
    a, b, c = w.many(3, "ring")
    w.does("eve", packed(b, a))
    w.does("eve", packed(c, b))
    return w.verdict("eve", packed(a, c))


def row_of_an_action(w):
    """Two events in a transaction move 10,000 things that are packed one each in 10,000 containers: each container
    that is left is told, too."""
    things, boxes = w.many(3000), w.many(3000, "own-box")
    for i in range(0, 3000, 500):
        w.does("eve", *[packed(boxes[k], things[k]) for k in range(i, i + 500)])
    target = w.fresh("sink")
    verdict, units = w.charged("eve", lambda: w.verdict("eve", packed(target, *things)))
    check(2 * 3000 <= units < TX_MOST, f"charged {units}")
    check(w.item(boxes[7])["events"] == 2, "a container does not know that it was emptied")
    return verdict


def many_lists(w):
    """One event with the same 10,000 in every list that an event has: each is touched once, and charged."""
    things = w.many(9000)
    a = event(4, 0, inputs=things, outputs=things, step="commissioning")
    verdict, units = w.charged("eve", lambda: w.verdict("eve", a))
    check(units < ROWS_OF_ACTION + 2048, f"charged {units}")
    return verdict


def long_names(w):
    """Things with long names: what fits as an act and not as its record is refused, and the container can be emptied in parts."""
    base, box = w.fresh("z" * 400) + "/", w.fresh("box")
    check(w.verdict("eve", observed(*[f"{w.fresh('y' * 30)}" for i in range(9000)])) == "too_large", "a record of more than 1 MiB")
    for k in range(0, 2400, 800):
        w.does("eve", packed(box, *[base + str(k + i) for i in range(800)]))
    verdict = w.verdict("eve", unpacked(box))
    check(w.item(box)["children"] == 2400, "half of it was done")
    w.does("eve", unpacked(box, *[base + str(i) for i in range(800)]))
    check(w.item(box)["children"] == 1600, "it cannot be emptied in parts")
    return verdict


def too_many_names(w):
    return w.verdict("eve", observed(*w.many(10001)))


def too_many_acts(w):
    x = w.fresh()
    return w.verdict("eve", *[observed(x, id=f"urn:x-e:{i}") for i in range(1001)])


def declarations_of_many(w):
    """1,000 events about one thing of anna's, each then declared: claims alone, and her proof stays as small as it was."""
    goods = w.fresh("pallet")
    w.does("anna", observed(goods))
    before = len(open(w.bundle(goods), "rb").read())
    base = w.fresh("ev")
    for k in range(2):
        w.does("eve", *[observed(goods, id=f"{base}/{k}/{i}") for i in range(500)])
        w.does("eve", *[observed(goods, id=f"{base}/{k}/{i}", error=3) for i in range(500)])
    item = w.item(goods)
    check(item["events"] == 1 and item["claims"] == 2000, f"{item}")
    after = len(open(w.bundle(goods), "rb").read())
    check(after < before + 600, f"the proof grew from {before} to {after} bytes")
    trace = w.trace(goods)
    check(len(trace["events"]) == 2001 or trace["truncated"], "the trace says nothing of what it cut")
    return "claim"


def connections(w):
    """Sixty connections of eve's with heavy transactions, then anna's one act: her turn comes, within a few blocks."""
    heavy = b"".join(lp(w.sealed("eve", [observed(*w.many(400))])) for _ in range(4))
    threads = [threading.Thread(target=lambda: w.raw("POST", "/v1/transactions", heavy,
                                                      {"Content-Type": "application/x-protobuf;many"})) for _ in range(60)]
    for t in threads:
        t.start()
    at = w.http("GET", "/v1/status")["height"]
    mine = w.says("anna", observed(w.fresh()))
    for t in threads:
        t.join()
    end = w.http("GET", "/v1/status")["height"]
    check(mine["height"] - at <= max(12, (end - at) // 2), f"anna's stood {mine['height'] - at} blocks of {end - at} behind")
    return mine["verdict"]


def big_bodies(w):
    """Bodies over the limit are refused before they are held."""
    status, _ = w.raw("POST", "/v1/transactions", b"\0" * (8 * 1024 * 1024 + 1), {"Content-Type": "application/x-protobuf"})
    check(w.alive(), "the node is gone")
    return str(status)


def trial_flood(w):
    """A trial as large as may be: bounded, tells where it stopped, and records nothing."""
    records = w.http("GET", "/v1/status")["records"]
    fp = __import__("hashlib").sha256(b"argosy/trial/1\0" + bytes.fromhex(w.genesis)).digest()
    things = w.many(9000)
    txs = [w.sealed("eve", [observed(*things, id=f"urn:x-t:{k}/{i}") for i in range(2)], fingerprint=fp) for k in range(9)]
    answer = w.raw("POST", "/v1/trials?each=1", b"".join(lp(t) for t in txs), {"Content-Type": "application/x-protobuf;many"})
    check(answer[0] in (200, 413), f"{answer}")
    check(w.http("GET", "/v1/status")["records"] == records, "a trial recorded something")
    check(w.item(things[0]) is None, "a trial left a thing")
    check(w.verdict("anna", observed(w.fresh())) == "ok", "the trial is in others' way")
    return "nothing recorded"
