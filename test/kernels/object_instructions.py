"""Checks that objects built for one instruction set hold no instruction beyond it.

    object_instructions.py OBJDUMP AS ISA=OBJECT[:OBJECT]...

Disassembles each object, and gives every form of an instruction in it to the GNU assembler, told to
accept that instruction set only.
"""

import re
import subprocess
import sys

# As cmake/TesseraIsa.cmake has them: x86-64, x86-64-v3 and x86-64-v4.
V3 = "+sse4.2+popcnt+avx2+fma+f16c+bmi+bmi2+lzcnt+movbe"
ACCEPTED = {
    "sse2": "generic64+sse2",
    "avx2": "generic64" + V3,
    "avx512": "generic64" + V3 + "+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "avx512vnni": "generic64" + V3 + "+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx512_vnni",
    "amx": "generic64" + V3 + "+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx512_vnni"
           + "+amx_tile+amx_int8",
}
# Jumps and calls name places, and fillers are not run.
SKIPPED = re.compile(r"(j\w+|call|ret|loop\w*|nop\w?|xchg +%ax,%ax|\(bad\)|bnd|notrack|data16|cs)\b")


def instructions(objdump, path):
    lines = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        match = re.match(r"\s*[0-9a-f]+:\s+(.*)", line)
        if not match:
            continue
        text = re.sub(r"\s*(<[^>]*>|#.*)", "", match.group(1)).strip()
        # Numbers say nothing of the instruction set, and leaving them out leaves few forms.
        text = re.sub(r"-?0x[0-9a-f]+(?=\()", "", text)
        if text and not SKIPPED.match(text):
            yield text


def offenders(assembler, isa, forms):
    """The forms that the assembler does not take."""
    result = subprocess.run([assembler, "--64", f"-march={ACCEPTED[isa]}", "-o", "/dev/null", "-"],
                            input="\n".join(forms) + "\n", capture_output=True, text=True)
    for line in result.stderr.splitlines():
        match = re.match(r"[^:]*:(\d+): Error: (.*)", line)
        if match:
            yield f"{forms[int(match.group(1)) - 1]}: {match.group(2)}"


def main():
    objdump, assembler, *pairs = sys.argv[1:]
    # The check itself: each set refuses what the next one adds.
    for isa, beyond in (("sse2", "haddps %xmm0,%xmm1"), ("avx2", "vpternlogd $1,%ymm0,%ymm1,%ymm2"),
                        ("avx512", "vpdpbusd %zmm0,%zmm1,%zmm2"), ("avx512vnni", "tilerelease")):
        assert list(offenders(assembler, isa, [beyond])), f"{isa} takes {beyond}"
    bad = 0
    for pair in pairs:
        isa, paths = pair.split("=", 1)
        forms = sorted({form for path in paths.split(":") for form in instructions(objdump, path)})
        assert len(forms) > 100, f"{paths}: only {len(forms)} instructions"
        for offender in offenders(assembler, isa, forms):
            bad += 1
            print(f"{isa}: beyond its instruction set: {offender}")
        print(f"{isa}: {len(forms)} forms of instructions")
    return 1 if bad or not pairs else 0


sys.exit(main())
