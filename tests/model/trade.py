"""trade: a random trade of a few members: what they do depends on what was done, and some of it is wrong."""
import random

from rules import Refused

COMPANIES = {"anna": "9521101", "bert": "9521102"}  # carl has none, and boss none
MEMBERS = ["anna", "bert", "carl"]
STEPS = {"Object": ["commissioning", "inspecting", "storing", "shipping", "decommissioning"],
         "Aggregation": ["packing", "unpacking", "loading"], "Transformation": ["commissioning"]}


def check_digit(digits):
    return str(-sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits))) % 10)


def item(company, n):
    gtin = "0" + company + "00001"
    gtin += check_digit(gtin)
    return {"uri": f"urn:epc:id:sgtin:{company}.000001.{n}", "name": f"01/{gtin}/21/{n}",
            "digits": gtin[1:], "product": f"01/{gtin}"}


def unit(company, n):
    sscc = "0" + company + f"{n:09d}"
    return {"uri": f"urn:epc:id:sscc:{company}.0{n:09d}", "name": "00/" + sscc + check_digit(sscc),
            "digits": sscc[1:], "product": ""}


def thing(n):
    uri = f"https://things.example.com/thing/{n}"
    return {"uri": uri, "name": uri, "digits": "", "product": ""}


def lot(company, n):
    gtin = "0" + company + "00002"
    gtin += check_digit(gtin)
    return {"uri": f"urn:epc:class:lgtin:{company}.000002.{n}", "name": f"01/{gtin}/10/{n}",
            "digits": gtin[1:], "product": f"01/{gtin}", "some": True}


class Trade:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.clock = 0
        self.said = []  # events told so far: (member, event)
        companies = [*COMPANIES.values(), "9521103"]
        self.items = [item(c, n) for c in companies for n in range(1, 9)] + [thing(n) for n in range(4)]
        self.units = [unit(c, n) for c in companies for n in range(1, 7)]
        self.lots = [lot(c, n) for c in companies for n in range(1, 3)]

    def one(self, list_):
        return self.random.choice(list_)

    def some(self, world, member, pool, most):
        """Mostly what the member holds, or may open; now and then anything."""
        pool = list(pool)
        self.random.shuffle(pool)
        if self.random.random() < 0.85:
            mine = [r for r in pool if self.reachable(world, member, r)]
            pool = mine or pool
        return [dict(r) for r in pool[:self.random.randint(1, most)]]

    @staticmethod
    def reachable(world, member, ref):
        s = world.subject(ref["name"])
        return world.holder(ref["name"]) == member if s.history else world.ranged(ref["digits"]) in ("", member)

    def event(self, world, member):
        kind = self.random.random()
        if self.said and kind < 0.12:
            return self.again(member)
        self.clock += 1
        e = {"do": "event", "time": self.clock if self.random.random() < 0.9 else self.random.randint(1, 60)}
        draw = self.random.random()
        if draw < 0.5:
            e.update(type="Object", action=self.one(["ADD", "ADD", "OBSERVE", "OBSERVE", "OBSERVE", "DELETE"]),
                     epcs=self.some(world, member, self.items + self.units, 4))
            if self.random.random() < 0.2:
                e["epcs"] += self.some(world, member, self.lots, 2)
        elif draw < 0.92:
            parent = self.some(world, member, self.units, 1)[0]
            e.update(type="Aggregation", action=self.one(["ADD", "ADD", "ADD", "DELETE", "DELETE", "OBSERVE"]), parent=parent,
                     children=self.some(world, member, self.items + self.units, 5))
            inside = [r for r in self.items + self.units if r["name"] in world.subject(parent["name"]).children]
            if e["action"] == "DELETE":
                e["children"] = [] if self.random.random() < 0.4 else inside or e["children"]
            if self.random.random() < 0.1:
                e["children"] = e["children"] + self.some(world, member, self.lots, 1)
        else:
            e.update(type="Transformation", action="", inputs=self.some(world, member, self.items + self.lots, 3),
                     outputs=self.some(world, member, self.items + self.lots, 2))
        e["step"] = self.one(STEPS[e["type"]])
        if self.random.random() < 0.6:
            e["id"] = "urn:uuid:00000000-0000-4000-8000-%012d" % (self.clock if self.random.random() < 0.8
                                                                  else self.random.randint(1, 20))
        self.said.append((member, e))
        return e

    def again(self, member):
        """What was said before: again, declared in error, or said otherwise; by its member or by another."""
        who, e = self.one(self.said[-40:])
        e = dict(e)
        draw = self.random.random()
        if draw < 0.65:
            e["declares"] = self.random.randint(1, 2)  # the day of the declaration
            if self.random.random() < 0.3:
                e["step"] = "other"
        elif draw < 0.75:
            e["step"] = "other"
        return e

    def operation(self, world):
        member = self.one(MEMBERS)
        draw = self.random.random()
        if draw < 0.7:
            way = self.one(["import", "import", "proceed"])
            mine, events = world.copy(), []
            for _ in range(self.random.choice([1, 2, 5, 20, 60, 250])):
                e = self.event(mine, member)
                events.append(e)
                try:  # what follows depends on it
                    mine.attempt(member, [e])
                except Refused:
                    if way == "import" and self.random.random() < 0.9:
                        events.pop()
            return {"way": way, "member": member, "events": events or [self.event(world, member)]}
        if draw < 0.85:
            return dict(self.paper(world, member), way="act")
        return {"way": "post", "acts": self.papers(world)}

    def papers(self, world):
        """Acts of several members that depend on each other, for one request."""
        mine, acts = world.copy(), []
        for _ in range(self.random.randint(2, 12)):
            acts.append(self.paper(mine, self.one(MEMBERS)))
            try:
                mine.attempt(acts[-1]["member"], [acts[-1]])
            except Refused:
                pass
        return acts

    def paper(self, world, member):
        held = [r for r in self.items + self.units if world.holder(r["name"]) == member]
        offered = [r for r in self.items + self.units if world.subject(r["name"]).offered_to == member]
        draw = self.random.random()
        if draw < 0.5 and not (offered and draw < 0.3):
            return {"member": member, "do": "offer_custody", "to": self.one(MEMBERS),
                    "subjects": self.sample(held or self.items, 4)}
        if draw < 0.8:
            subjects = self.sample(offered or held or self.items, 4)
            return {"member": member, "do": "accept_custody", "subjects": subjects,
                    "from": world.subject(subjects[0]["name"]).holder or "anna"}
        if draw < 0.9:
            return {"member": member, "do": "decline_custody", "subjects": self.sample(offered or held or self.items, 2)}
        return {"member": member, "do": "statement", "subjects": self.sample(self.items, 3)}

    def sample(self, pool, most):
        return self.random.sample(pool, min(len(pool), self.random.randint(1, most)))


def epcis(e):
    """The event as it stands in a document."""
    out = {"type": e["type"] + "Event", "eventTime": "2026-%02d-%02dT%02d:%02d:00Z" % (
        1 + e["time"] // 40320 % 10, 1 + e["time"] // 1440 % 28, e["time"] // 60 % 24, e["time"] % 60),
        "eventTimeZoneOffset": "+00:00", "bizStep": e["step"]}
    if e["action"]:
        out["action"] = e["action"]
    if e.get("parent"):
        out["parentID"] = e["parent"]["uri"]
    for key, epcs, quantities in (("epcs", "epcList", "quantityList"), ("children", "childEPCs", "childQuantityList"),
                                  ("inputs", "inputEPCList", "inputQuantityList"),
                                  ("outputs", "outputEPCList", "outputQuantityList")):
        if key not in e:
            continue
        out[epcs] = [r["uri"] for r in e[key] if not r.get("some")]
        some = [{"epcClass": r["uri"], "quantity": 3} for r in e[key] if r.get("some")]
        if some:
            out[quantities] = some
            if not out[epcs] and epcs != "childEPCs":
                del out[epcs]
        if e["type"] == "Transformation" and epcs in out and not out[epcs]:
            del out[epcs]
    if e.get("id"):
        out["eventID"] = e["id"]
    if e.get("declares"):
        out["errorDeclaration"] = {"declarationTime": f"2026-11-0{e['declares']}T00:00:00Z"}
    return out
