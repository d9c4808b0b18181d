"""2.3 to 2.6, 2.10: what was sold, what is another's, what is a name."""
import hashlib

from world import ADD, act, check, event, msg, observed, packed, unpacked

CREDENTIAL = dict(f3="organic", f4="Somebody", f5="2026-01-01")


def product(id, name="A thing"):
    return act("register_product", f1=msg(f1=id, f2=name, f3=1, f4="080929", f5="NL"))


def location(id):
    return act("register_location", f1=msg(f1=id, f2="A place", f3="NL", f5=3))


def lot(id, product):
    return act("define_lot", f1=msg(f1=id, f2=product, f3="2026-01-01", f4="2027-01-01"))


def credential(id, about, **more):
    return act("issue_credential", f1=msg(f1=id, f2=about, **{**CREDENTIAL, **more}))


def offer(name, to):
    return act("offer_custody", f1=[name], f2=to)


def accept(name, giver):
    return act("accept_custody", f1=[name], f2=giver)


def hands_over(w, giver, taker, *names):
    w.does(giver, act("offer_custody", f1=list(names), f2=taker))
    w.does(taker, act("accept_custody", f1=list(names), f2=giver))


def sold_by_eve(w, id="", n=1):
    """What eve took in, and handed to carl."""
    things = [w.fresh("pallet") for _ in range(n)]
    w.does("eve", event(epcs=things, step="storing", id=id))
    hands_over(w, "eve", "carl", *things)
    return things


def unharmed(w, name, holder, owner="", events=None):
    i = w.item(name)
    check(i["holder"] == holder and i["owner"] == owner and not i["container"], f"{name}: {i}")
    check(events is None or i["events"] == events, f"{name}: {i['events']} events")
    return i


# ---- 2.3: who sold writes on ----

def declares_what_she_sold(w):
    """A mark and nothing else: no step, no place, no time of her choice."""
    id = w.fresh("ev")
    thing, = sold_by_eve(w, id)
    w.does("eve", event(epcs=[thing], step="destroying", id=id, error=4, time="1999-01-01T00:00:00.000Z", where="urn:epc:id:sgln:9521101.00000.0"))
    unharmed(w, thing, "carl", events=4)
    code, said = w.judged(w.bundle(thing))
    mark = said["subjects"][0]["events"][3]
    check(code == 0 and mark["step"] == "" and mark["where"] == "" and mark["happened"] == mark["recorded"], f"{mark}")
    check(mark["flags"] == 132 and mark["declares_error_of"] == 1, f"no mark: {mark}")
    return "a void mark"


def declares_600_times(w):
    id = w.fresh("ev")
    things = w.many(1000)
    w.does("eve", event(epcs=things, step="storing", id=id))
    hands_over(w, "eve", "carl", *things)
    w.does("eve", event(epcs=[things[0]], step="storing", id=id, error=4))
    verdicts = set()
    for i in range(0, 600, 100):
        declared = [w.sealed("eve", [event(epcs=things, step="storing", id=id, error=5, f20=f"urn:x-d:{i + k}")])
                    for k in range(20)]
        verdicts |= {a["verdict"] for a in w.send(*declared)}
    check(verdicts == {"exists"}, f"{verdicts}")
    unharmed(w, things[7], "carl", events=4)
    size = len(open(w.bundle(things[7]), "rb").read())
    check(size < 1500, f"the proof has {size} bytes")
    return "exists"


def observes_what_she_sold(w):
    thing, = sold_by_eve(w)
    return w.outcome("eve", observed(thing), thing)


def changes_what_she_sold(w):
    thing, = sold_by_eve(w)
    verdicts = {w.outcome("eve", a, thing) for a in (
        event(epcs=[thing], action=3, step="destroying"), packed(w.fresh("box"), thing), unpacked(w.fresh("box"), thing),
        event(4, 0, inputs=[thing], outputs=[w.fresh("new")], step="commissioning"), packed(thing, w.fresh("junk")),
        event(epcs=[thing], action=ADD, step="commissioning"), offer(thing, "bert"))}
    unharmed(w, thing, "carl")
    return ", ".join(sorted(verdicts))


def declares_her_sale(w):
    """An event cannot be made to declare an offer of custody, which is no event: the sale stands."""
    thing, = sold_by_eve(w)
    w.outcome("eve", event(epcs=[thing], step="storing", id=w.fresh("ev"), error=4), thing)
    return unharmed(w, thing, "carl")["holder"]


def takes_back_an_offer(w):
    """Offers, is accepted, and then declines."""
    thing, = sold_by_eve(w)
    return w.outcome("eve", act("decline_custody", f1=[thing]), thing)


def accepts_what_was_offered_to_another(w):
    thing = w.fresh("pallet")
    w.does("anna", observed(thing, step="storing"))
    w.does("anna", offer(thing, "carl"))
    verdict = w.outcome("eve", accept(thing, "anna"), thing)
    w.does("carl", accept(thing, "anna"))
    return verdict


def accepts_from_inside(w):
    """Goods of anna's in a box of eve's: bert held the box and packed, eve was offered it alone. What stays anna's stays hers."""
    thing, box = w.fresh("pallet"), w.fresh("box")
    w.does("anna", observed(thing, step="storing"))
    w.does("eve", observed(box, step="storing"))
    check(w.outcome("eve", packed(box, thing), thing) == "not_holder", "eve packs what anna holds")
    check(w.outcome("anna", packed(box, thing), thing) == "not_holder", "anna packs into what eve holds")
    return w.outcome("eve", offer(thing, "bert"), thing)


def grant_of_another(w):
    """carl's grant to bert is carl's; eve can neither revoke it nor, as owner that she is not, grant."""
    thing, = sold_by_eve(w)
    w.does("carl", act("grant_step", f1=thing, f2="bert", f3="inspecting"), person=True)
    check(w.outcome("eve", act("grant_step", f1=thing, f2="bert"), thing, person=True) == "not_holder", "eve granted herself")
    verdict = w.verdict("eve", act("revoke_grant", f1=thing, f2="bert", f3="inspecting"), person=True)
    check(w.outcome("bert", observed(thing), thing) == "history", "the grant is gone")
    return verdict


def holder_revokes_owners_grant(w):
    """2.15: the owner's grant and the holder's are two."""
    range_ = f"https://anna.example.org/{w.seed}/g/"
    thing = range_ + "1"
    w.does("anna", act("register_prefix", f1=range_), person=True)
    w.does("anna", event(action=ADD, epcs=[thing], step="commissioning"))
    hands_over(w, "anna", "eve", thing)
    w.does("anna", act("grant_step", f1=thing, f2="dora", f3="inspecting"), person=True)
    verdict = w.verdict("eve", act("revoke_grant", f1=thing, f2="dora", f3="inspecting"), person=True)
    check(w.outcome("dora", observed(thing), thing) == "history", "the owner's grant was revoked by the holder")
    return verdict


def old_grant(w):
    """eve granted herself every step through a friend while she held it: with the goods the grant is gone."""
    thing = w.fresh("pallet")
    w.does("eve", observed(thing, step="storing"))
    w.does("eve", act("grant_step", f1=thing, f2="bert"), person=True)
    hands_over(w, "eve", "carl", thing)
    return w.outcome("bert", observed(thing), thing)


# ---- 2.4: becoming the owner ----

def by_product(w):
    thing = w.fresh("pallet")
    w.does("anna", observed(thing, step="storing"))
    out = w.outcome("eve", product(thing), thing)
    unharmed(w, thing, "anna", events=1)
    check(w.outcome("eve", observed(thing), thing) == "claim", "she writes into its history")
    check(w.outcome("eve", act("grant_step", f1=thing, f2="bert"), thing, person=True) == "not_holder", "she grants")
    return out


def by_location(w):
    thing = w.fresh("pallet")
    w.does("anna", observed(thing, step="storing"))
    out = w.outcome("eve", location(thing), thing)
    unharmed(w, thing, "anna", events=1)
    check(w.outcome("eve", observed(thing), thing) == "claim", "she writes into its history")
    return out


def by_lot(w):
    thing, own = w.fresh("pallet"), f"https://eve.example.org/{w.fresh('p')[-6:]}"
    w.does("anna", observed(thing, step="storing"))
    w.does("eve", product(own))
    kind = w.item(thing)["kind"]
    out = w.outcome("eve", lot(thing, own), thing)
    check(unharmed(w, thing, "anna", events=1)["kind"] == kind, "it is another kind of thing now")
    return out


def by_credential(w):
    thing = w.fresh("pallet")
    w.does("anna", observed(thing, step="storing"))
    out = w.outcome("eve", credential(thing, "eve"), thing, person=True)
    unharmed(w, thing, "anna", events=1)
    return out


def by_later_range(w):
    """eve's range around what anna took in: she is the owner from then on, as the rule is, and anna goes on holding it."""
    base = f"https://squat.example.org/{w.seed}/"
    thing = base + "pallet"
    w.does("anna", observed(thing, step="storing"))
    w.does("eve", act("register_prefix", f1=base), person=True)
    check(w.outcome("eve", observed(thing), thing) == "claim", "an owner who holds nothing writes history")
    i = w.item(thing)
    check(i["holder"] == "anna" and i["taken_in"], f"{i}")
    check(w.outcome("eve", offer(thing, "bert"), thing) == "not_holder", "an owner hands over what anna holds")
    w.must("prefix", "arbitrate", base, "--nobody", "--reason", "squatted")
    return i["holder"]


# ---- 2.5: being first ----

def event_id(w):
    id, thing = w.fresh("ev"), w.fresh("pallet")
    w.does("eve", observed(w.fresh("junk"), id=id))
    return w.outcome("anna", observed(thing, id=id), thing)


def declared_in_advance(w):
    id, thing = w.fresh("ev"), w.fresh("pallet")
    w.does("eve", event(epcs=[w.fresh("junk")], step="storing", id=id, error=4))
    out = w.outcome("anna", observed(thing, id=id), thing)
    check(not w.trace(thing)["events"][0]["voided"], "void by eve's word")
    return out


def declares_anothers(w):
    """eve declares anna's event in error, by its eventID and by its hash."""
    id, thing = w.fresh("ev"), w.fresh("pallet")
    w.does("anna", observed(thing, id=id))
    out = w.outcome("eve", event(epcs=[thing], step="inspecting", id=id, error=4), thing)
    other = w.fresh("pallet")
    w.does("anna", observed(other))
    hash = w.trace(other)["events"][0]["hash"]
    w.outcome("eve", event(epcs=[other], step="inspecting", id=hash, error=4), other)
    check(not any(e["voided"] for t in (thing, other) for e in w.trace(t)["events"] if e["who"] == "anna"), "anna's event is void")
    return out


def content_of_another(w):
    """An event of the very content of anna's, without eventID, before hers."""
    thing = w.fresh("pallet")
    w.does("anna", observed(thing, step="storing"))
    e = event(epcs=[thing], step="inspecting", time="2026-11-02T10:00:00.000Z")
    w.does("eve", e)
    return w.outcome("anna", e, thing)


def attachment(w):
    thing, hash = w.fresh("pallet"), hashlib.sha256(w.fresh().encode()).digest()
    w.does("anna", observed(thing, step="storing"))
    a = act("attach", f1=thing, f2=hash, f3="certificate", f4="application/pdf", f5=10, f6="A paper")
    check(w.outcome("eve", a, thing) == "claim", "eve's attachment stands in the history")
    check(w.verdict("eve", act("erase_attachment", f1=hash)) == "ok", "her own")
    out = w.outcome("anna", a, thing)
    status, said = w.raw("GET", "/v1/attachments/" + hash.hex())
    check(status == 200 and b'"anna"' in said and b'"eve"' in said, f"{said}")
    check(w.verdict("bert", act("erase_attachment", f1=hash)) == "not_authorised", "bert erased what he has not")
    return out


def credential_id(w):
    id = "https://papers.example.org/" + w.fresh("p")[-8:]
    check(w.verdict("eve", credential(id, "eve"), person=True) == "ok", "eve's own")
    out = w.verdict("anna", credential(id, "anna"), person=True)
    check(w.verdict("eve", act("revoke_credential", f1=id, f2="no"), person=True) == "ok", "eve revokes hers")
    status, said = w.raw("GET", "/v1/credentials?id=" + id)
    check(b'"revoked"' in said and b'"valid"' in said, f"{status} {said}")
    check(w.verdict("bert", act("revoke_credential", f1=id, f2="no"), person=True) in ("not_found", "not_authorised"),
          "bert revoked it")
    return out


def transaction_id(w):
    """Ids are per member: eve's use of anna's id is no conflict of anna's."""
    id = hashlib.sha256(w.fresh().encode()).digest()[:16]
    w.does("eve", observed(w.fresh()), id=id)
    out = w.verdict("anna", observed(w.fresh()), id=id)
    check(w.verdict("anna", observed(w.fresh()), id=id) == "conflict", "an id with two bodies")
    return out


def _transforms(w, id):
    """What anna makes from her own under the id; its journey holds that, and nothing of eve's."""
    mine, made = w.fresh("in"), w.fresh("out")
    w.does("anna", observed(mine, step="storing"))
    out = w.outcome("anna", event(4, 0, inputs=[mine], outputs=[made], step="commissioning", f18=id), made)
    names = [s["id"] for s in w.journey(made)["subjects"]]
    check(mine in names, f"anna's input is not in the journey: {names}")
    check(not any("poison" in n for n in names), f"eve's input is in anna's journey: {names}")
    return out


def transformation_id(w):
    """eve's transformation under the id that anna uses then: what eve put in is no part of what anna made."""
    id = w.fresh("tr")
    w.does("eve", event(4, 0, inputs=[w.fresh("poison")], outputs=[w.fresh("other")], step="commissioning", f18=id))
    return _transforms(w, id)


def transformation_id_of_a_thing(w):
    """eve takes the id in as a thing, so that what anna tells of is no transformation."""
    id = w.fresh("tr")
    w.does("eve", observed(id, step="storing"))
    return _transforms(w, id)


def transformation_id_offered(w):
    """She offers and grants it to anna, so that anna's part would stand in her history."""
    id = w.fresh("tr")
    w.does("eve", event(4, 0, inputs=[w.fresh("poison")], outputs=[w.fresh("other")], step="commissioning", f18=id))
    w.verdict("eve", offer(id, "anna"))
    w.verdict("eve", act("grant_step", f1=id, f2="anna"), person=True)
    return _transforms(w, id)


def order_number(w):
    """A TransactionEvent about anna's order: eve was first to speak of it, and takes it in; anna's own act is not refused."""
    order, thing = "urn:epcglobal:cbv:bt:9521101000001:" + w.fresh()[-5:], w.fresh("pallet")
    ref = msg(f1="po", f2=order)
    w.verdict("eve", event(3, 1, epcs=[w.fresh("junk")], step="shipping", f24=[ref]))
    w.does("anna", observed(thing, step="storing"))
    return w.outcome("anna", event(3, 1, epcs=[thing], step="shipping", f24=[ref]), thing)


# ---- 2.6: laundering ----

def _shipment(w, unload=True):
    """carl's goods in eve's reefer at sea, with its alarm; handed over at the port."""
    goods, reefer, id = w.fresh("fruit"), w.fresh("reefer"), w.fresh("loading")
    alarm = msg(f1=msg(f1="2026-11-03T10:00:00.000Z"), f2=[msg(f1="Temperature", f10="19.5", f22="CEL", f2="ALARM_CONDITION")])
    w.does("eve", observed(goods, step="receiving", time="2026-11-01T08:00:00.000Z"),
           observed(reefer, step="receiving", time="2026-11-01T08:00:00.000Z"))
    w.does("eve", packed(reefer, goods, step="loading", id=id, time="2026-11-02T10:00:00.000Z"))
    w.does("eve", event(epcs=[reefer], step="sensor_reporting", time="2026-11-03T10:00:00.000Z", f27=[alarm]))
    if unload:
        w.does("eve", unpacked(reefer, goods, step="unloading", time="2026-11-04T10:00:00.000Z"))
        hands_over(w, "eve", "carl", goods)
    return goods, reefer, packed(reefer, goods, step="loading", id=id, time="2026-11-02T10:00:00.000Z", error=20)


def _alarm_stands(w, goods, reefer):
    said = w.journey(goods)
    seen = [s for s in said["subjects"] if s["id"] == reefer]
    check(seen, "the reefer is gone from the journey")
    check(any(e["sensor"] and e["part"] for e in seen[0]["events"]), "the alarm is no part of the journey")


def laundering(w):
    goods, reefer, declaration = _shipment(w)
    _alarm_stands(w, goods, reefer)
    out = w.outcome("eve", declaration, goods)
    _alarm_stands(w, goods, reefer)
    return out


def laundering_before_delivery(w):
    """She declares the loading while the goods are inside, unloads, and hands over."""
    goods, reefer, declaration = _shipment(w, unload=False)
    w.does("eve", declaration)
    w.does("eve", unpacked(reefer, goods, step="unloading", time="2026-11-04T10:00:00.000Z"))
    hands_over(w, "eve", "carl", goods)
    _alarm_stands(w, goods, reefer)
    return "the alarm stays"


def laundering_of_the_reading(w):
    """She declares the alarm itself: it is marked, and stays."""
    goods, reefer, _ = _shipment(w)
    e = [e for e in w.trace(reefer)["events"] if e["step"] == "sensor_reporting"][0]
    alarm = msg(f1=msg(f1="2026-11-03T10:00:00.000Z"), f2=[msg(f1="Temperature", f10="19.5", f22="CEL", f2="ALARM_CONDITION")])
    w.does("eve", event(epcs=[reefer], step="sensor_reporting", time="2026-11-03T10:00:00.000Z", f27=[alarm], error=20))
    check([x for x in w.trace(reefer)["events"] if x["index"] == e["index"]][0]["voided"], "not marked")
    _alarm_stands(w, goods, reefer)
    return "the alarm stays"


def laundering_of_an_input(w):
    """A blend of good and bad, declared in error after it was sold: the bad input stays in the buyer's proof."""
    bad, blend, id = w.fresh("bad"), w.fresh("blend"), w.fresh("ev")
    w.does("eve", observed(bad, step="receiving", time="2026-11-01T10:00:00.000Z"))
    e = dict(inputs=[bad], outputs=[blend], step="commissioning", id=id, time="2026-11-02T10:00:00.000Z")
    w.does("eve", event(4, 0, **e))
    hands_over(w, "eve", "carl", blend)
    w.does("eve", event(4, 0, error=20, **e))
    check(bad in [s["id"] for s in w.journey(blend)["subjects"]], "the input is gone")
    return "the input stays"


def laundering_by_time(w):
    """She tells an unloading that was before the loading, so that the goods were never inside."""
    goods, reefer, _ = _shipment(w)
    w.outcome("eve", unpacked(reefer, goods, step="unloading", time="2026-11-01T23:00:00.000Z"), goods)
    w.outcome("eve", packed(reefer, goods, step="loading", time="2026-11-01T22:00:00.000Z"), goods)
    _alarm_stands(w, goods, reefer)
    return "the alarm stays"


# ---- 2.10: ranges ----

def statement_first(w):
    """eve talks of a serial before its company registers: neither owner nor kind is fixed by it."""
    base = f"https://brand.example.org/{w.seed}/"
    thing = base + "serial"
    w.verdict("eve", act("statement", f1="Partner", f2="I saw it", f3=[thing]))
    w.does("anna", act("register_prefix", f1=base), person=True)
    w.does("anna", event(action=ADD, epcs=[thing], step="commissioning"))
    i = w.item(thing)
    check(i["owner"] == "anna" and not i["taken_in"], f"{i}")
    return i["owner"]


def twelve_digits(w):
    """A range of twelve digits inside a company's seven: no hindrance."""
    check(w.verdict("eve", act("register_prefix", f1="gcp:952188800001"), person=True) == "ok", "eve's")
    out = w.verdict("anna", act("register_prefix", f1="gcp:9521888"), person=True)
    w.must("prefix", "arbitrate", "gcp:952188800001", "--to", "anna", "--reason", "licence 17")
    said = w.must("prefix", "show", "gcp:952188800001")
    check("licence 17" in said and "eve" in said, f"arbitrated in secret: {said}")
    return out


def everybodys_names(w):
    verdicts = {}
    for p in ("urn:epcglobal:cbv:bt:", "urn:epc:id:sgtin:", "urn:uuid:", "https://id.gs1.org/", "https://", "urn:x-company:",
              "did:web:", "https://localhost/", "urn:argosy:x:", "gcp:2123456", "gcp:0001234", "https://org/"):
        verdicts.setdefault(w.verdict("eve", act("register_prefix", f1=p), person=True), []).append(p)
    check(len(verdicts) == 1, f"{verdicts}")
    return next(iter(verdicts))


def many_ranges(w):
    """999 ranges in one transaction."""
    base = w.fresh("r")
    verdict = w.verdict("eve", *[act("register_prefix", f1=f"{base}/{i}/") for i in range(999)], person=True)
    check(not any(base in str(p) for p in w.http("GET", "/v1/prefixes?member=eve")["prefixes"]), "some were registered")
    return verdict


def inside_anothers(w):
    base = f"https://company.example.org/{w.seed}/"
    w.does("anna", act("register_prefix", f1=base), person=True)
    return w.verdict("eve", act("register_prefix", f1=base + "eve/"), person=True)


def arbitrates(w):
    return w.verdict("eve", act("arbitrate_range", f1="gcp:9521101", f2="eve", f3="mine"), person=True)


def borrowed_licence(w):
    """A range with anna's licence beside it."""
    id = "https://papers.example.org/" + w.fresh("lic")[-8:]
    w.does("anna", credential(id, "anna", f3="gs1_licence"), person=True)
    return w.verdict("eve", act("register_prefix", f1=w.fresh("range") + "/", f2=id), person=True)


def own_licence(w):
    """eve writes herself a licence "of GS1": it stands there as recorded by eve."""
    id, range_ = "https://papers.example.org/" + w.fresh("lic")[-8:], w.fresh("range") + "/"
    w.does("eve", credential(id, "eve", f3="gs1_licence", f4="GS1 Netherlands"), person=True)
    w.does("eve", act("register_prefix", f1=range_, f2=id), person=True)
    check("recorded by eve" in w.must("prefix", "show", range_), "who recorded it is not said")
    return "recorded by eve"


def granted_step(w):
    """dora may inspect anna's goods: she does nothing else with them, and nothing under another step."""
    thing = w.fresh("pallet")
    w.does("anna", observed(thing, step="storing"), person=True)
    w.does("anna", act("grant_step", f1=thing, f2="dora", f3="inspecting"), person=True)
    check(w.outcome("dora", observed(thing), thing) == "history", "the grant gives nothing")
    other = {w.outcome("dora", observed(thing, step=s), thing) for s in ("storing", "shipping", "destroying", "")}
    check(other == {"claim"}, f"other steps: {other}")
    return w.outcome("dora", event(epcs=[thing], action=3, step="inspecting"), thing)
