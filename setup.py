"""What pyproject.toml cannot say: the workflow lies at the top of the project; a wheel has it inside the package."""

from pathlib import Path
from shutil import copy, copytree, ignore_patterns, rmtree

from setuptools import setup
from setuptools.command.build_py import build_py

PARTS = ("Snakefile", "config.yaml", "workflow", "profiles", "envs")
PLACE = "objmask/project/files"  # where objmask.project.place looks
LEADS_TO_OBJMASK = '''\
"""Becomes the package that this folder lies in.

A path to the folder above leads to objmask, and not to all that is installed beside it: environments of --sdm conda
get that path.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

package = Path(__file__).parents[3]
spec = spec_from_file_location("objmask", package / "__init__.py", submodule_search_locations=[str(package)])
sys.modules["objmask"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["objmask"])
'''


class BuildWithWorkflow(build_py):
    """Copies the workflow into the package that is built; an editable install has it in the checkout."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        place = Path(self.build_lib, PLACE)
        rmtree(place, ignore_errors=True)
        (place / "objmask").mkdir(parents=True)
        (place / "objmask/__init__.py").write_text(LEADS_TO_OBJMASK, encoding="utf-8")
        for part in map(Path, PARTS):
            if part.is_dir():
                copytree(part, place / part, ignore=ignore_patterns("__pycache__", "*.py"))
            else:
                copy(part, place / part)


setup(cmdclass={"build_py": BuildWithWorkflow})
