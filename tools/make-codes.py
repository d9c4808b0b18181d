#!/usr/bin/env python3
"""Makes src/data/codes_tables.c from the published code lists.

    tools/make-codes.py DATA > src/data/codes_tables.c

DATA holds codes/country-codes.csv (ISO 3166), codes/currency-codes-all.csv (ISO 4217),
codes/harmonized-system.csv (HS 2022) and epcis/gs1/EPCIS-JSON-Schema.json (CBV 2.0). The result is
committed, so that a build needs none of them; codes_test.c holds it against the lists where they
are at hand. Units are listed here.
"""
import csv
import json
import pathlib
import re
import sys

data = pathlib.Path(sys.argv[1])

# UN/ECE Recommendation 20, revision 17: the units in customary use in trade and logistics, and those
# that go with the measurement types of the CBV. Codes only.
UNITS = """
count, packing: C62 H87 EA NAR NMP NPR PR DZN GRO GGR BLL SET NIU 1A P1 59 C34 KT D63 D61 P0 P2 P3
 TPR SCO MIL MLD BIL HC D64
mass: KGM GRM MGM MC DTN TNE LBR ONZ CWI CWA STN LTN GRN DG CGM HGM DJ KTN 2U TNM APZ FH CTM F13
 DWT STI STL KDW KNT KSD KSH KPH KMA KNI KPO KPP KUR
mass, dry and net contents: 58 KPO
volume: LTR MLT CLT DLT HLT K6 MTQ CMQ DMQ MMQ H19 4G Q2 INQ FTQ YDQ GLL GLI OZA OZI PTI PTL PTN QTI
 QTL QTD BUA BUI BLL BFT FTQ DMA MAL KMQ 5I
length: MTR CMT MMT KMT DMT 4H C45 A11 A71 INH FOT YRD SMI NMI DPT FTM 77 C52 HMT
area: MTK CMK MMK DMK KMK HAR ARE INK FTK YDK MIK ACR DAA
time: SEC MIN HUR DAY WEE MON ANN C26 B98 C47 QAN SAN 10Y D42
temperature: CEL KEL FAH A48
speed, acceleration: MTS KMH HM KNT MSK A76 2M FS IF K14 FR AFH MTR/S
angle, rotation: DD C81 D61 D62 C25 B97 A91 RPM RPS 2A 2B RAD D27
force, pressure: NEW KNT B47 B73 PAL KPA HBA MPA BAR MBR A97 PS ATM ATT FP 74 C65 HN MMH C55 84 HP B78 D15 97
 44 N12 A89 H75
torque, energy, power: NU JOU KJO K51 WHR KWH MWH GWH 3B GV K53 WTT KWT MAW D80 BHP HJ BTU A53 CAL D70 E14 GGV D32
 MLW C31 P44 P45 A99 D46 K3
electricity: AMP 4K B84 A41 VLT 2Z KVT D82 B78 KVA VAR KVR MVA D46 OHM B49 B75 E45 SIE D10 FAR 4O 4T C10 COU 81
 C79 C41 D33 WEB C76 C83 C33 A32 D45 C61 A8 D50 KVH AMH E10 B27 D13 A59 C27 KHZ MHZ HTZ A86 D29 B8 2P
light: LUX LUM CDL A24 B60 60 B62
radiation: BQL CUR GV D13 D91 C28 A42 A44 2R C8 GRY D14 C80 P71 P65 P54 P55 P60 P61 P52 P53 P63 P64 P66 P67
 P68 P69 P70 P72 P73 P74 P75 P76 P77 P78 P79 P80 2Q 4N H08 D54 M7 A95 A96 C29 GBQ
chemistry: C34 B45 C18 FH C36 C35 B46 C19 D74 A94 A40 A36 D12 D87 C38 E98 C19 KAT B51
density, concentration: KMQ A93 GP GL GJ B35 23 87 D41 E32 GRM/L M1 59 40 C62 ME H29 A34 A22 39 B31 A10 A39 D40
flow: MQS MQH L2 LD 2L 2K G26 E32 T4 KGS E93 F12 P87 MQM 4X E92 CDK H60 MQD LH
sound, memory: 2N DBM AD 4L E34 E35 A99 B7 B10 2P B80 B68 C37 C36 D36 E36 D68 E20
material: S4 D53 C1 C2 C39 D56 GM GO KMK 25 GT 37 D43 28 A14 JE D1 D44 C50 C24 C17
misc: MPE MTC NT NTT TDK TIC E4 ST LS LEF LF LO OA RM RO SX RIV NAR E12 IE ACT J27 E27 H66 HEA SQ KWN KIP CNP CEN D97 TAH TKM PMI
""".replace("MTR/S", "").replace("GRM/L", "")


def pieces(words, width):
    """Rows of C string literals, each word padded with spaces to `width`."""
    words = [w.ljust(width) for w in sorted(set(words))]
    per = 80 // width
    rows = ["".join(words[i : i + per]) for i in range(0, len(words), per)]
    return "\n".join(f'\t"{r}"' for r in rows), len(words)


def fixed(name, what, words, width):
    text, n = pieces(words, width)
    print(f"/* {what} */\nconst struct code_list {name} = {{\n\t{width}, {n},\n{text},\n}};\n")


def named(name, what, words):
    words = sorted(set(words))
    print(f"/* {what} */\nstatic const char *const {name}[] = {{")
    line = "\t"
    for w in words:
        item = f'"{w}", '
        if len(line.expandtabs(8)) + len(item) > 99:
            print(line.rstrip())
            line = "\t"
        line += item
    print(line.rstrip())
    print("};\n")
    return name, len(words)


def table(name):
    with open(data / "codes" / name, encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


countries = [r["ISO3166-1-Alpha-2"] for r in table("country-codes.csv")]
currencies = [
    r["AlphabeticCode"] + r["MinorUnit"]
    for r in table("currency-codes-all.csv")
    if r["AlphabeticCode"] and not r["WithdrawalDate"] and r["MinorUnit"].isdigit()
]
hs = sorted(int(r["hscode"]) for r in table("harmonized-system.csv") if r["level"] == "6")
units = [w for line in UNITS.splitlines() for w in re.findall(r"\b[0-9A-Z]{2,3}\b", line.split(":")[-1])]
schema = json.loads((data / "epcis/gs1/EPCIS-JSON-Schema.json").read_text())["definitions"]


def vocab(name):
    return schema[name]["anyOf"][1]["enum"]


print("/*\n * Made by tools/make-codes.py; do not edit.\n */")
print('#include "data/codes_tables.h"\n')
fixed("code_countries", "ISO 3166-1 alpha-2: the 249 assigned codes (datasets/country-codes caa72d1e0e5a).",
      countries, 2)
fixed("code_currencies",
      "ISO 4217, codes in use that have a minor unit, and its decimals\n"
      " * (datasets/currency-codes ab9b0ae88e8b, later than the published table of 2024-06-25).",
      currencies, 4)
fixed("code_units", "UN/ECE Recommendation 20 revision 17, customary units.", units, 3)

print("/* HS 2022 (datasets/harmonized-system 905e5a0fa29f): its subheadings; chapters and headings\n"
      " * are their beginnings. */")
print(f"const size_t code_hs6_count = {len(hs)};\nconst uint32_t code_hs6[] = {{")
for i in range(0, len(hs), 11):
    print("\t" + ", ".join(str(h) for h in hs[i : i + 11]) + ",")
print("};\n")

print("/* Core Business Vocabulary 2.0, from the enumerations of the EPCIS 2.0 JSON schema\n"
      " * (gs1/EPCIS 2b888befbc07). */")
vocabs = [
    ("CBV_BIZ_STEP", named("biz_steps", "BizStep", vocab("bizStep"))),
    ("CBV_DISPOSITION", named("dispositions", "Disp", vocab("disposition"))),
    ("CBV_BTT", named("transaction_types", "BTT", vocab("bizTransaction-type"))),
    ("CBV_SDT", named("source_dest_types", "SDT", vocab("source-dest-type"))),
    ("CBV_ERROR_REASON", named("error_reasons", "ER", vocab("error-reason"))),
    ("CBV_COMPONENT", named("components", "Comp", vocab("component"))),
    ("CBV_MEASUREMENT_TYPE", named("measurement_types", "gs1:MeasurementType", vocab("measurementType"))),
    ("CBV_SENSOR_ALERT", named("sensor_alerts", "gs1:SensorAlertType", vocab("sensorAlertType"))),
]
print(f"const struct code_words code_cbv[{len(vocabs)}] = {{")
for v, (name, n) in vocabs:
    print(f"\t[{v}] = {{{name}, {n}}},")
print("};")
