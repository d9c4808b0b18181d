#!/usr/bin/env python3
"""Holds the event hash against GS1's reference implementation.

    tools/event-hash-reference.py ARGOSY > tests/event-hash/table.tsv
    tools/event-hash-reference.py ARGOSY --count DIR

ARGOSY is the built program. Needs the package epcis-event-hash-generator 1.9.3 of PyPI (in a
virtual environment: nothing else here needs it). The first form makes the table that
tests/event_hash_vectors_test.c holds us to: file, event, the reference's hash ("-": it has none),
ours ("=": the same), and why they differ. The second counts over other documents.
Each event is given to the reference in a document of its own, because it loses count of events
that it fails on and lets the words of one event change those of another.
"""
import copy
import glob
import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

from epcis_event_hash_generator import hash_generator, json_to_py, xml_to_py

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
SPELLINGS = re.compile(r"https://(ref\.gs1\.org/standards/epcis/|gs1\.github\.io/EPCIS/)"
                       r"epcis-context(-simple)?\.jsonld")

# Why a hash may differ, by what the two strings show. The first that fits is the reason;
# docs/format/event-hash.md explains each.
REASONS = [
    ("refused", lambda o, r: r is None),
    ("context", lambda o, r: "@context" in r),
    ("id", lambda o, r: "id=ni:///" in r),
    ("kind", lambda o, r: re.match(r"eventType=\w+:", r)),
    ("xsi", lambda o, r: "XMLSchema-instance}" in r),
    ("boolean", lambda o, r: re.search("=(True|False)", r)),
    ("sensor-type", lambda o, r: "sensorElementtype=" in r),
    ("curie", lambda o, r: re.search("=(gs1|cbv|epcis):|cbvmda:", r)),
    ("ignored", lambda o, r: "https://repository-x.example.com/}" in r),
    ("rules", lambda o, r: "sensorReportbizRules=" in r),
    ("no-slash", lambda o, r: re.search(r"(id=[^{]*|sensor\w+|Time=[^{]*){[^}]*[^/]}", o)),
    ("time", lambda o, r: o[:120].split("eventTimeZone")[0] != r[:120].split("eventTimeZone")[0]),
    ("null", lambda o, r: "=None" in r),
    ("float", lambda o, r: re.search(r"=\d{17}|e-0\d|=1000\b", r)),
    ("word", lambda o, r: r.count("https://ref.gs1.org/cbv/") > o.count("https://ref.gs1.org/cbv/")),
]


def prehash(events):
    try:
        found = hash_generator.derive_prehashes_from_events(("EventList", "", events))
        return found[0] if found else None
    except Exception:
        return None


def of_json(text):
    doc = json.loads(SPELLINGS.sub(CONTEXT, text))
    body = doc.get("epcisBody", {"event": doc})
    body = body.get("queryResults", {}).get("resultsBody", body)
    for event in body.get("eventList", [body.get("event")]):
        json_to_py._namespaces.clear()
        alone = {"@context": doc.get("@context", CONTEXT), "type": "EPCISDocument",
                 "epcisBody": {"eventList": [copy.deepcopy(event)]}}
        try:
            yield prehash(json_to_py.event_list_from_epcis_document_json(alone)[2])
        except Exception:
            yield None


def of_xml(text):
    root = ET.fromstring(text)
    kinds = {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent",
             "AssociationEvent"}
    for event in [e for e in root.iter() if e.tag in kinds]:
        alone = ET.Element("d")
        ET.SubElement(ET.SubElement(alone, "EPCISBody"), "EventList").append(event)
        try:
            yield prehash(xml_to_py.event_list_from_epcis_document_str(
                ET.tostring(alone, encoding="unicode"))[2])
        except Exception:
            yield None


def of_us(argosy, path):
    run = subprocess.run([argosy, "epcis", "hash", "--prehash", "--json", path],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    lines = [json.loads(line) for line in run.stdout.decode().splitlines()]
    return {e["event"]: e["prehash"] for e in lines if "prehash" in e}


def compare(argosy, path):
    with open(path, encoding="utf-8-sig") as f:
        text = f.read()
    ours = of_us(argosy, path)
    if not ours:
        return
    theirs = list(of_xml(text) if path.endswith(".xml") else of_json(text))
    for event, pre in sorted(ours.items()):
        ref = theirs[event]
        why = ""
        if ref != pre:
            why = next((name for name, fits in REASONS if fits(pre, ref)), "?")
        yield event, pre, ref, why


def digest(pre):
    return "-" if pre is None else hashlib.sha256(pre.encode()).hexdigest()


def main():
    logging.disable(logging.CRITICAL)
    counts, unknown = {}, 0
    if len(sys.argv) == 4 and sys.argv[2] == "--count":
        paths = [p for p in glob.glob(os.path.join(sys.argv[3], "**"), recursive=True)
                 if p.endswith((".xml", ".jsonld", "Event.json"))]
    elif len(sys.argv) == 2:
        paths = [p for p in glob.glob("tests/event-hash/*") if p.endswith((".xml", ".jsonld"))]
    else:
        sys.exit(__doc__)
    for path in sorted(paths):
        for event, pre, ref, why in compare(sys.argv[1], path):
            counts[why] = counts.get(why, 0) + 1
            if why == "?":
                unknown += 1
                print(f"unexplained: {path} {event}\n  {pre}\n  {ref}", file=sys.stderr)
            if len(sys.argv) == 2:
                print(os.path.basename(path), event, digest(ref),
                      "=" if not why else digest(pre), why or "same", sep="\t")
    for why, n in sorted(counts.items(), key=lambda c: -c[1]):
        print(f"{n:5} {why or 'same'}", file=sys.stderr)
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
