"""`tessera sim --report` and `--trace`: their data, and the page in a browser where there is one."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

SOURCE = os.environ["TESSERA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "test", "tools"))
from harness import ToolTest  # noqa: E402

ENCODER = os.path.join(SOURCE, "examples", "encoder.mlir")
CHIP = "ascend-910b2"
BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome")
                if (path := shutil.which(name))), None)

# Said by the page itself once it has drawn: whether anything sticks out at the side.
PROBE = """<script>
document.body.dataset.fits = document.documentElement.scrollWidth <= innerWidth + 1 ? "yes" : "no";
document.body.dataset.boxes = document.querySelectorAll("svg rect").length;
document.body.dataset.dots = document.querySelectorAll("svg circle").length;
</script></body>"""
TRACE = """<!doctype html><body><script type="application/json" id="t">@</script><script>
const events = JSON.parse(document.getElementById("t").textContent).traceEvents;
document.body.dataset.events = events.filter(e => e.ph === "X" && e.dur >= 0).length;
</script></body>"""


class Page(ToolTest):
    def files(self):
        page, trace = self.path("report.html"), self.path("trace.json")
        out = self.succeeds("sim", ENCODER, "--chip", CHIP, "--precision", "f16", "--report", page,
                            "--trace", trace, "--json")
        with open(page, encoding="utf-8") as file:
            text = file.read()
        with open(trace, encoding="utf-8") as file:
            return json.loads(out.stdout), text, json.load(file)

    def dom(self, text, width):
        """The page's body tag after its scripts have run."""
        path = self.write("page.html", text)
        result = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
             "--user-data-dir=" + self.path("profile"), "--dump-dom", "file://" + path],
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        tag = re.search(r"<body[^>]*>", result.stdout).group(0)
        return dict(re.findall(r'data-(\w+)="([^"]*)"', tag))

    def test_the_page_holds_all_and_fetches_nothing(self):
        time, text, _ = self.files()
        self.assertNotRegex(text, r"(src|href)\s*=")
        self.assertNotIn("@DATA@", text)
        data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>',
                                    text, re.S).group(1))
        self.assertAlmostEqual(data["us"], time["us"])
        self.assertEqual(len(data["kernels"]), len(time["kernels"]))
        times = [kernel["total_us"] for kernel in data["kernels"]]
        self.assertEqual(times, sorted(times, reverse=True))
        for kernel in data["kernels"][:8]:
            self.assertTrue(kernel["spans"])
            for pipe, _, start, cycles, _ in kernel["spans"]:
                self.assertLess(pipe, len(kernel["pipes"]))
                self.assertLessEqual(start + cycles, kernel["shown_cycles"] + 1)
            for memory, begin, end, start, stop in kernel["buffers"]:
                capacity = dict(data["memories"])[memory.split(" ")[0]]
                self.assertTrue(0 <= begin < end <= capacity, (memory, begin, end))
                self.assertLessEqual(start, stop)

    def test_a_model_s_name_cannot_break_out_of_the_page(self):
        name = self.path("<b>&.mlir")
        shutil.copy(ENCODER, name)
        self.succeeds("sim", name, "--chip", CHIP, "--report", self.path("r.html"))
        with open(self.path("r.html"), encoding="utf-8") as file:
            self.assertNotIn("<b>&", file.read())

    def test_the_trace_covers_the_time_and_no_pipe_does_two_things_at_once(self):
        time, _, trace = self.files()
        spans = [event for event in trace["traceEvents"] if event["ph"] == "X"]
        launches = [event for event in spans if event["tid"] == 0]
        self.assertEqual(len(launches), time["launches"])
        self.assertAlmostEqual(sum(event["dur"] for event in launches), time["us"])
        rows = {}
        for event in spans:
            rows.setdefault(event["tid"], []).append(event)
        self.assertGreater(len(rows), 4)
        for row in rows.values():
            row.sort(key=lambda event: event["ts"])
            for before, after in zip(row, row[1:]):
                self.assertLessEqual(before["ts"] + before["dur"], after["ts"] + 1e-6)

    def test_a_file_that_cannot_be_written(self):
        for option in ("--report", "--trace"):
            self.fails(1, "sim", ENCODER, "--chip", CHIP, option, self.path("no/such/file"),
                       says="no/such/file")

    @unittest.skipUnless(BROWSER, "no Chromium here: the page is not opened")
    def test_a_browser_draws_the_page_on_a_laptop_and_on_a_phone(self):
        _, text, trace = self.files()
        for width in (1280, 390):
            shown = self.dom(text.replace("</body>", PROBE), width)
            self.assertEqual(shown["drawn"], "yes")
            self.assertEqual(shown["fits"], "yes", width)
            self.assertGreater(int(shown["boxes"]), 20)
            self.assertGreater(int(shown["dots"]), 3)
        shown = self.dom(TRACE.replace("@", json.dumps(trace).replace("<", "\\u003c")), 1280)
        self.assertEqual(int(shown["events"]),
                         sum(event["ph"] == "X" for event in trace["traceEvents"]))


class Energy(ToolTest):
    def energy(self, chip):
        out = self.succeeds("sim", ENCODER, "--chip", chip, "--json")
        time = json.loads(out.stdout)
        return time["us"] * 1e-6, time["energy_estimate"]

    def test_static_power_times_time_where_only_idle_power_is_public(self):
        seconds, energy = self.energy(CHIP)
        self.assertNotIn("dynamic_J", energy)
        for joules, watts in zip(energy["static_J"], (65.8, 97)):
            self.assertAlmostEqual(joules, watts * seconds)
        self.assertGreater(energy["multiply_adds"]["f32"], 9e8)

    def test_full_load_power_scales_what_is_counted(self):
        with open(os.path.join(SOURCE, "share", "tessera", "chips", CHIP + ".yaml"),
                  encoding="utf-8") as file:
            text = file.read()
        chip = self.write("full.yaml", text.replace(
            "energy:\n", "energy:\n  full_W: {value: 300, status: assumed}\n"))
        _, energy = self.energy(chip)
        low, high = energy["dynamic_J"]
        self.assertTrue(0 < low < high)

    def test_a_chip_without_power(self):
        _, energy = self.energy("cpu-avx2")
        self.assertNotIn("static_J", energy)
        self.assertIn("multiply_adds", energy)


class Savings(ToolTest):
    def test_what_would_help_is_said_and_shares_are_sane(self):
        text = self.succeeds("sim", ENCODER, "--chip", CHIP).stdout
        self.assertIn("most would help: ", text)
        time = json.loads(self.succeeds("sim", ENCODER, "--chip", CHIP, "--json").stdout)
        for kernel in time["kernels"]:
            shares = [saving["share"] for saving in kernel["savings"]]
            self.assertEqual(shares, sorted(shares, reverse=True))
            self.assertTrue(all(0 < share <= 1 for share in shares), kernel["savings"])


if __name__ == "__main__":
    unittest.main()
