"""rules: who may write what about which goods, told once more, naively.

Dictionaries and lists; nothing is shared with the ledger, and nothing is done for speed. It follows
docs/format/record.md ("Who may write") and holds what the ledger should hold after each transaction:
identity, owner, holder, containment, history, claims and void marks.
"""
import json

DEPTH_MAX = 16

# intent -> how the sender stands -> what becomes of it
NEW_OWN, NEW_FREE, NEW_GRANTED, NEW_OTHER, HOLDER, OFFERED, GRANTED, OWNER, OTHER = range(9)
H, C = "history", "claim"
TABLE = {
    "observe": [H, H, H, C, H, H, H, C, C],
    "create": [H, H, H, "not_owner", H] + ["not_holder"] * 4,
    "create_some": [H, H, H, "not_owner", H, "not_holder", H, H, "not_holder"],
    "structure": [H, H, H, "not_owner", H] + ["not_holder"] * 4,
    "about": [H, C, C, C, H, H, H, H, C],
    "offer": ["not_found"] * 4 + [H] + ["not_holder"] * 4,
    "accept": ["not_found"] * 4 + ["not_offered", H] + ["not_offered"] * 3,
    "decline": ["not_found"] * 4 + [H, H] + ["not_offered"] * 3,
    "grant": [H] + ["not_found"] * 3 + [H, "not_holder", "not_holder", H, "not_holder"],
}
WEIGHT = {"output": 0, "parent": 1, "what": 3, "child": 5, "input": 6, "about": 8}


class Refused(Exception):
    def __init__(self, verdict, why=""):
        super().__init__(verdict + ": " + why)
        self.verdict = verdict


class Subject:
    def __init__(self):
        self.owner = self.holder = self.offered_to = self.container = ""
        self.children = []
        self.taken_in = self.decommissioned = False
        self.bound = 0  # of how deep its contents are nested; it falls with the last child alone
        self.history, self.claims = [], []  # entries, which never change
        self.void = {}  # (H or C, number) -> the number of its mark

    def copy(self):
        s = Subject()
        s.__dict__.update(self.__dict__)
        s.children, s.history, s.claims, s.void = self.children[:], self.history[:], self.claims[:], dict(self.void)
        return s


class World:
    """All that the chain should know. `names` are canonical identifiers."""

    def __init__(self):
        self.subjects = {}
        self.ranges = {}  # company prefix -> member
        self.grants = set()  # (subject or product, granter, member, step)
        self.events = {}  # (member, identity) -> [content, what its record listed, declaration]
        self.records = 0

    # ---- looking ----

    def subject(self, name):
        return self.subjects.get(name) or Subject()

    def ranged(self, digits):
        """The longest registered range counts."""
        fits = [p for p in self.ranges if digits.startswith(p)]
        return self.ranges[max(fits, key=len)] if fits else ""

    def outermost(self, name):
        for _ in range(DEPTH_MAX + 1):
            inside = self.subject(name).container
            if not inside:
                return name
            name = inside
        return None

    def holder(self, name):
        top = self.outermost(name)
        return "" if top is None else self.subject(top).holder

    def depth(self, name):
        n = 0
        while self.subject(name).container:
            name, n = self.subject(name).container, n + 1
        return n

    # ---- one transaction ----

    def attempt(self, member, acts):
        """All or nothing. Gives the records of each act (0: it was known); Refused leaves no trace."""
        before = self.copy()
        try:
            return [self.act(member, a) for a in acts]
        except Refused:
            self.__dict__ = before.__dict__
            raise

    def copy(self):
        w = World()
        w.subjects = {name: s.copy() for name, s in self.subjects.items()}
        w.ranges, w.grants, w.events = dict(self.ranges), set(self.grants), dict(self.events)
        w.records = self.records
        return w

    def act(self, member, a):
        return getattr(self, "do_" + a["do"])(member, a)

    # ---- judging ----

    def standing(self, member, ref, step):
        s = self.subjects.setdefault(ref["name"], Subject())
        if not s.history:
            s.owner = self.ranged(ref["digits"])
        elif s.taken_in or not s.owner:
            s.owner = self.ranged(ref["digits"])
        if not s.history:
            if s.owner in ("", member):
                return NEW_OWN if s.owner else NEW_FREE
            granted = self.granted(ref["product"], s.owner, member, step)
            return NEW_GRANTED if granted else NEW_OTHER
        holder = self.holder(ref["name"])
        if holder == member:
            return HOLDER
        top = self.outermost(ref["name"])
        if member in (s.offered_to, self.subject(top).offered_to if top else ""):
            return OFFERED
        if any(self.granted(ref["name"], g, member, step) for g in (s.owner, holder)) or (
                s.owner and self.granted(ref["product"], s.owner, member, step)):
            return GRANTED
        return OWNER if s.owner == member else OTHER

    def granted(self, thing, granter, member, step):
        return bool(thing and granter) and any((thing, granter, member, x) in self.grants for x in ("", step))

    def judge(self, member, ref, intent, step, listed, marks):
        """Says whether he may, and lists it once."""
        if ref["name"] in listed:
            return
        how = TABLE[intent][self.standing(member, ref, step)]
        if how not in (H, C):
            raise Refused(how, ref["name"])
        mark = marks.get(ref["name"])
        if mark and (how == H or mark[0] == C):
            return
        s = self.subjects[ref["name"]]
        taken_in = False
        if how == H and not s.history:
            s.holder = member
            taken_in = s.taken_in = not s.owner
        listed[ref["name"]] = {"mode": how, "role": ref["role"], "unnamed": False, "taken_in": taken_in}

    def record(self, member, step, listed, marks=None, error=False, act="event"):
        """Writes the entries of one record into histories and claims."""
        where = {}
        for name in list(marks or {}) + [n for n in listed if n not in (marks or {})]:
            s = self.subjects[name]
            if marks and name in marks:
                mode, role, number = marks[name]
                chain = s.claims if mode == C else s.history
                chain.append({"who": member, "step": "", "role": role, "voids": number, "record": self.records})
                s.void[mode, number] = len(chain)
                where[name] = ("void " + mode, len(chain))
            if name in listed:
                l = listed[name]
                chain = s.claims if l["mode"] == C else s.history
                chain.append({"who": member, "step": step, "role": l["role"], "record": self.records,
                              "unnamed": l["unnamed"], "taken_in": l["taken_in"], "error": error, "act": act,
                              "alone": error and not marks})  # declares what is not here: void by itself
                if not (marks and name in marks):
                    where[name] = (l["mode"], len(chain), l["role"])
        self.records += 1
        return where

    # ---- events ----

    @staticmethod
    def refs(e):
        """The subjects of an event: each once, what it makes or packs into first."""
        out = []
        if e.get("parent"):
            out.append(dict(e["parent"], role="parent"))
        for key, role in (("epcs", "what"), ("children", "child"), ("inputs", "input"), ("outputs", "output")):
            # A document names things by themselves before quantities of a class.
            out += [dict(r, role=role) for r in sorted(e.get(key, []), key=lambda r: bool(r.get("some")))]
        best = {}
        for r in out:
            if r["name"] not in best or WEIGHT[r["role"]] < WEIGHT[best[r["name"]]["role"]]:
                best[r["name"]] = r
        return [r for r in out if best[r["name"]] is r]

    @staticmethod
    def intent(e, role, some):
        if e.get("declares"):
            return "observe"
        changes = e["action"] in ("ADD", "DELETE")
        kind = "observe"
        if e["type"] == "Object":
            kind = {"ADD": "create", "DELETE": "structure"}.get(e["action"], "observe")
        elif e["type"] == "Transformation":
            kind = "create" if role == "output" else "structure"
        elif changes:
            kind = "structure"
        if some:
            return {"create": "create_some", "structure": "observe"}.get(kind, kind)
        return kind

    @staticmethod
    def content(e):
        said = {k: v for k, v in e.items() if k not in ("id", "declares", "do")}
        for key in ("epcs", "children", "inputs", "outputs"):
            if key in said:
                said[key] = sorted(r["name"] for r in said[key])
        return json.dumps(said, sort_keys=True)

    def do_event(self, member, e):
        if not e.get("declares") and self.packs_itself(e):
            raise Refused("cycle")
        content = self.content(e)
        identity = (member, e["id"] if e.get("id") else "content " + content)
        known = self.events.get(identity)
        marks = {}
        if known and not e.get("declares"):
            if known["content"] != content:
                raise Refused("event_conflict")
            return 0
        if known and known["declared"]:
            if known["declared"] != [content, e["declares"]]:
                raise Refused("exists")
            return 0
        if known:
            for name, at in known["where"].items():
                if at[0] in (H, C):
                    marks[name] = (at[0], at[2], at[1])
        listed = {}
        for ref in self.refs(e):
            self.judge(member, ref, self.intent(e, ref["role"], ref.get("some")), e["step"], listed, marks)
        if not e.get("declares"):
            self.effects(e, listed)
        where = self.record(member, e["step"], listed, marks, error=bool(e.get("declares")))
        if known:
            self.events[identity] = dict(known, declared=[content, e["declares"]])
        else:
            self.events[identity] = {"content": content, "where": where,
                                     "declared": [content, e["declares"]] if e.get("declares") else None}
        return 1

    @staticmethod
    def packs_itself(e):
        return (e["type"] == "Aggregation" and e["action"] in ("ADD", "DELETE") and
                any(c["name"] == e["parent"]["name"] for c in e["children"]))

    def effects(self, e, listed):
        if e["type"] == "Object" and e["action"] in ("ADD", "DELETE"):
            for r in e["epcs"]:
                if not r.get("some"):
                    self.subjects[r["name"]].decommissioned = e["action"] == "DELETE"
        elif e["type"] == "Transformation":
            outputs = {r["name"] for r in e["outputs"]}
            for r in e["inputs"]:
                if not r.get("some") and r["name"] not in outputs:
                    self.subjects[r["name"]].decommissioned = True
            for r in e["outputs"]:
                if not r.get("some"):
                    self.subjects[r["name"]].decommissioned = False
        elif e["type"] == "Aggregation" and e["action"] == "ADD":
            self.pack(e, listed)
        elif e["type"] == "Aggregation" and e["action"] == "DELETE":
            self.unpack(e, listed)

    def pack(self, e, listed):
        parent = e["parent"]["name"]
        around, name = [parent], parent
        while self.subject(name).container:
            name = self.subject(name).container
            around.append(name)
        if len(around) > DEPTH_MAX:
            raise Refused("state")
        if any(c["name"] in around for c in e["children"]):
            raise Refused("cycle")
        for c in e["children"]:
            name, child = c["name"], self.subjects[c["name"]]
            if c.get("some"):
                continue
            if len(around) + self.subject(name).bound > DEPTH_MAX:
                raise Refused("state")
            if child.container == parent:
                continue
            holder = self.holder(name)
            if child.container:
                left = child.container
                self.take_out(left, name)
                listed.setdefault(left, {"mode": H, "role": "parent", "unnamed": True, "taken_in": False})
            child.container, child.holder, child.offered_to = parent, holder, ""
            self.subjects[parent].children.append(name)
            high, outer = self.subject(name).bound + 1, parent
            while outer and self.subject(outer).bound < high:
                self.subjects[outer].bound = high
                high, outer = high + 1, self.subjects[outer].container

    def take_out(self, container, name):
        c = self.subjects[container]
        c.children.remove(name)
        if not c.children:
            c.bound = 0
        self.subjects[name].container = ""

    def unpack(self, e, listed):
        parent = e["parent"]["name"]
        holder = self.holder(parent)
        if not e["children"]:
            for name in list(self.subjects[parent].children):
                self.take_out(parent, name)
                self.subjects[name].holder = holder
                listed.setdefault(name, {"mode": H, "role": "child", "unnamed": True, "taken_in": False})
            return
        for c in e["children"]:
            if not c.get("some") and self.subjects[c["name"]].container == parent:
                self.take_out(parent, c["name"])
                self.subjects[c["name"]].holder = holder

    # ---- the other acts ----

    def papers(self, member, a, intent, change):
        listed = {}
        for ref in a["subjects"]:
            self.judge(member, dict(ref, role="about"), intent, a["do"], listed, {})
            change(self.subjects[ref["name"]], ref)
        self.record(member, a["do"], listed, act=a["do"])
        return 1

    def do_offer_custody(self, member, a):
        if a["to"] == member:
            raise Refused("invalid")

        def change(s, ref):
            if s.container:
                raise Refused("state")
            if ref.get("some"):
                raise Refused("invalid")
            if s.decommissioned:
                raise Refused("state")
            s.offered_to = a["to"]
        return self.papers(member, a, "offer", change)

    def do_accept_custody(self, member, a):
        def change(s, ref):
            if s.container:
                raise Refused("state")
            if s.offered_to != member:
                raise Refused("not_offered")
            if s.holder != a["from"]:
                raise Refused("state")
            s.holder, s.offered_to = member, ""
        return self.papers(member, a, "accept", change)

    def do_decline_custody(self, member, a):
        def change(s, ref):
            if s.container:
                raise Refused("state")
            if not s.offered_to or member not in (s.offered_to, s.holder):
                raise Refused("not_offered")
            s.offered_to = ""
        return self.papers(member, a, "decline", change)

    def do_grant_step(self, member, a):
        def change(s, ref):
            self.grants.add((ref["name"], member, a["to"], a["step"]))
        return self.papers(member, a, "grant", change)

    def do_register_prefix(self, member, a):
        mine = [p for p in self.ranges if a["prefix"].startswith(p) and self.ranges[p] != member]
        if mine:
            raise Refused("overlap")
        self.ranges[a["prefix"]] = member
        self.records += 1
        return 1

    def do_statement(self, member, a):
        return self.papers(member, a, "about", lambda s, ref: None)
