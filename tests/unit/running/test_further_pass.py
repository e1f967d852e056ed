"""A process that becomes a further pass of its own command when it ends, unless it was asked to end before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FIRST = """
import os, signal, sys
from objmask.running.further_pass import FILE, Interrupts, LeftOut, can_go_on, go_on
sys.argv = ["{command}", "--list-rules", "-s", "Snakefile", "--forceall"]
started = os.getcwd()
os.makedirs("run/.snakemake")
os.chdir("run")
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it may come ignored
def earlier(number, frame):
    print("handled", flush=True)
signal.signal(signal.SIGTERM, earlier)
interrupts = Interrupts()
print(os.getpid(), can_go_on())
go_on(LeftOut({{"a": "why"}}, {{}}, {lines}), folder=started, project={project!r}, interrupts=interrupts)
{then}
print("the first pass ends")
"""


def run(folder, *, command="snakemake", lines=("a: why",), then=""):
    (folder / "Snakefile").write_text("rule named:\n    shell: 'true'\n")
    script = FIRST.format(command=command, lines=list(lines), project=str(ROOT), then=then)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}"],
        **{"cwd": folder, "env": environment, "capture_output": True, "text": True, "check": False},
    )
    return done, done.stdout.splitlines()


def test_the_command_runs_again_and_says_what_failed(tmp_path):
    done, lines = run(tmp_path)
    assert lines[1] == "the first pass ends"
    assert "named" in lines[2:], done
    assert done.stderr.splitlines()[-1] == "objmask: FAILED a: why"
    assert done.returncode == 1


def test_what_is_excluded_is_no_failure(tmp_path):
    done, lines = run(tmp_path, lines=())
    assert "named" in lines[2:]
    assert (done.returncode, "FAILED" in done.stderr) == (0, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupt_is_handed_on_and_there_is_no_further_pass(tmp_path, number):
    caught = "\ntry:\n    signal.raise_signal({0})\nexcept KeyboardInterrupt:\n    print('interrupted')"
    done, lines = run(tmp_path, then=caught.format(int(number)))
    assert lines[1:] == ["handled" if number == signal.SIGTERM else "interrupted", "the first pass ends"]
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("command", "can"), [("/env/bin/snakemake", True), ("/x/snakemake/__main__.py", True), ("/x/pytest", False)]
)
def test_only_the_command_line_can_be_run_again(tmp_path, command, can):
    _, lines = run(tmp_path, command=command)
    assert lines[0].endswith(str(can))
