#!/usr/bin/env python3
"""Makes src/data/codes_tables.c from the published code lists.

    tools/make-codes.py DATA > src/data/codes_tables.c

DATA holds codes/country-codes.csv (ISO 3166), codes/currency-codes-all.csv (ISO 4217),
codes/harmonized-system.csv (HS 2022) and epcis/gs1/EPCIS-JSON-Schema.json (CBV 2.0). The result is
committed, so that a build needs none of them; codes_test.c holds countries and HS codes against
the lists where they are at hand. Units are listed here.
"""
import csv
import json
import pathlib
import re
import sys

data = pathlib.Path(sys.argv[1])

# UN/ECE Recommendation 20 (units), and Recommendation 21 (packages, behind an X), as taken up by the
# European invoice standard EN 16931. "A10-24" is the series A10, A11 ... A24.
UNITS = """
10-11 13-15 20-25 27-28 33-35 37-38 40-41 56-61 74 77 80-81 85 87 89 91 1I 2A-2C 2G-2N 2P-2R 2U 2X-2Z
3B-3C 4C 4G-4H 4K-4R 4T-4U 4W-4X 5A-5B 5E 5J
A10-24 A26-45 A47-49 A53-56 A59 A68-71 A73-76 A84-91 A93-99 A2-9 AA-AB ACR ACT AD-AE AH-AI AK-AL AMH AMP
ANN APZ AQ AS ASM ASU ATM AWG AY-AZ
B1 B10-35 B41-50 B52-64 B66-78 B79-99 B3-4 B7-8 BAR BB BFT BHP BIL BLD BLL BP BPM BQL BTU BUA BUI
C0 C10-76 C78-97 C99 C3 C7-9 CCT CDL CEL CEN CG CGM CKG CLF CLT CMK CMQ CMT CNP CNT COU CTG CTM CTN
CUR CWA CWI
D03-04 D1-2 D10-13 D15-27 D29-34 D36 D41-63 D65 D68-69 D73-74 D77-78 D80-83 D85-89 D91 D93-95 D5-6 DAA DAD
DAY DB DBM DBW DD DEC DG DJ DLT DMA DMK DMO DMQ DMT DN DPC DPR DPT DRA DRI DRL DT DTN DWT DZN DZP
E01 E07-10 E12 E14-23 E25 E27-28 E30-99 E4 EA-EB EQ F01-08 F10-99 FAH FAR FBM FC FF FH FIT FL FNU FOT
FP FR FS FTK FTQ G01-02 G04-06 G08-21 G23-99 G2-3 GB GBQ GDW GE GF GFI GGR GIA GIC GII GIP GJ GL GLD GLI
GLL GM GO-GQ GRM GRN GRO GV GWH H03-16 H18-77 H79-85 H87-96 H98-99 HA HAD HBA HBX HC HDW HEA HGM HH HIU
HKM HLT HM HMO HMQ HMT HPA HTZ HUR HWE IA IE INH INK INQ ISD IU IUG IV
J10 J12-36 J38-76 J78-79 J81-85 J87 J90-93 J95-99 J2 JE JK JM JNT JOU JPS JWL
K1-3 K10-23 K26-28 K30-43 K45-55 K58-71 K73-99 K6 KA KAT KB KBA KCC KDW KEL KGM KGS KHY KHZ KI KIC KIP
KJ KJO KL KLK KLX KMA KMH KMK KMQ KMT KNI KNM KNS KNT KO KPA KPH KPO KPP KR KSD KSH KT KTN KUR KVA KVR KVT
KW KWH KWN KWO KWS KWT KWY KX
L10-21 L23-60 L63-96 L98-99 L2 LA LAC LBR LBT LD LEF LF LH LK LM-LP LPA LR-LS LTN LTR LUB LUM LUX LY
M1 M10-27 M29-53 M55-99 M4-5 M7 M9 MAH MAL MAM MAR MAW MBE MBF MBR MC MCU MD MGM MHZ MIK MIL MIN MIO MIU
MKD MKM MKW MLD MLT MMK MMQ MMT MND MNJ MON MPA MQD MQH MQM MQS MQW MRD MRM MRW MSK MTK MTQ MTR MTS MTZ
MVA MWH N1 N10-99 N3 NA NAR NCL NEW NF NIL NIU NL NM3 NMI NMP NPT NT NTU NU NX OA ODE ODG ODK ODM OHM ON
ONZ OPM OT OZA OZI P1-2 P10-99 P5 PAL PD PFL PGL PI PLA PO PQ-PS PTD PTI PTL PTN Q10-42 Q3 QA QAN QB QR
QTD QTI QTL QTR R1 R9 RH RM ROM RP RPM RPS RT S3-4 SAN SCO SCR SEC SET SG SIE SM3 SMI SQ SQR SR STC STI
STK STL STN STW SW SX SYR T0 T3 TAH TAN TI TIC TIP TKM TMS TNE TP TPI TPR TQD TRL TST TTS U1-2 UB-UC VA
VLT VP W2 WA-WB WCD WE WEB WEE WG WHR WM WSD WTT X1 YDK YDQ YRD Z11 Z9 ZP ZZ
X1A-X1B X1D X1F-X1G X1W X2C X3A X3H X43-44 X4A-X4D X4F-X4H X5H X5L-X5M X6H X6P X7A-X7B X8A-X8C XAA-XAJ XAL-XAM
XAP XAT XAV XB4 XBA-XBZ XCA-XCZ XDA-XDC XDG-XDN XDP XDR-XDY XEC-XEI XEN XFB-XFE XFI XFL XFO-XFP XFR
XFT XFW-XFX XGB XGI XGL XGR XGU XGY-XGZ XHA-XHC XHG XHN XHR XIA-XIH XIK-XIL XIN XIZ XJB-XJC XJG XJR
XJT XJY XKG XKI XLE XLG XLT-XLV XLZ XMA-XMC XME XMR-XMT XMW-XMX XNA XNE-XNG XNS-XNV XO1-XO9 XOA-XOZ
XP1-XP4 XPA-XPL XPN-XPP XPR XPT-XPV XPX-XPZ XQA-XQD XQF-XQH XQJ-XQN XQP-XQS XRD XRG XRJ-XRL XRO XRT
XRZ XSA-XSE XSH-XSI XSK-XSM XSO-XSP XSS-XST XSU-XSZ XT1 XTB-XTE XTG XTI XTK-XTL XTN-XTO XTR-XTW XTY-XTZ XUC
XUN XVA XVG XVI XVK-XVL XVN-XVS XVY XWA-XWD XWF-XWH XWJ-XWN XWP-XWZ XXA-XXD XXF-XXH XXJ-XXK XYA-XYD
XYF-XYH XYJ-XYN XYP-XYT XYV-XYZ XZA-XZD XZF-XZH XZJ-XZN XZP-XZZ
"""


def unit_codes():
    for item in UNITS.split():
        first, _, last = item.partition("-")
        if not last:
            yield first
        elif last.isdigit():
            head = re.match(r"[A-Z]*", first).group()
            digits = first[len(head) :]
            for n in range(int(digits), int(last) + 1):
                yield f"{head}{n:0{len(digits)}d}"
        else:
            for c in range(ord(first[-1]), ord(last[-1]) + 1):
                yield first[:-1] + chr(c)


def rows(items, width):
    """Lines of at most 100 columns, one tab in."""
    line = ""
    for item in items:
        if len(line) + len(item) + 2 > width:
            print("\t" + line.rstrip())
            line = ""
        line += item + ", "
    print("\t" + line.rstrip())


def fixed(name, what, words, width):
    words = sorted({w.ljust(width) for w in words})
    print(f"/* {what} */\nstatic const char {name}[][{width}] = {{")
    rows([f'"{w}"' for w in words], 92)
    print(f"}};\nconst struct code_list code_{name} = {{{width}, {len(words)}, {name}[0]}};\n")


def named(name, what, words):
    words = sorted(set(words))
    print(f"/* {what} */\nstatic const char *const {name}[] = {{")
    rows([f'"{w}"' for w in words], 92)
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
schema = json.loads((data / "epcis/gs1/EPCIS-JSON-Schema.json").read_text())["definitions"]


def vocab(name):
    return schema[name]["anyOf"][1]["enum"]


print("/*\n * Made by tools/make-codes.py; do not edit.\n */")
print('#include "data/codes_tables.h"\n')
fixed("countries", "ISO 3166-1 alpha-2: the 249 assigned codes (datasets/country-codes caa72d1e0e5a).",
      countries, 2)
fixed("currencies",
      "ISO 4217, codes in use that have a minor unit, and its decimals\n"
      " * (datasets/currency-codes ab9b0ae88e8b, later than the published table of 2024-06-25).",
      currencies, 4)
fixed("units",
      "UN/ECE Recommendation 20, and 21 behind an X, as taken up by EN 16931\n"
      " * (revision 11 and later additions).", list(unit_codes()), 3)

print("/* HS 2022 (datasets/harmonized-system 905e5a0fa29f): its subheadings; chapters and headings\n"
      " * are their beginnings. */")
print(f"const size_t code_hs6_count = {len(hs)};\nconst uint32_t code_hs6[] = {{")
rows([str(h) for h in hs], 92)
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
