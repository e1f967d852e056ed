# From folders of office video to colour masks, protected video and coverage; what each step promises is in docs/.
from snakemake.utils import min_version

min_version("9.27")


include: "workflow/lookups/common.smk"
include: "workflow/lookups/corrections.smk"
include: "workflow/lookups/report.smk"
include: "workflow/lookups/exports.smk"
include: "workflow/lookups/clips.smk"
include: "workflow/lookups/evaluation.smk"
include: "workflow/lookups/audit.smk"
include: "workflow/lookups/outcome.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/frames.smk"
include: "workflow/rules/detect.smk"
include: "workflow/rules/tracks.smk"
include: "workflow/rules/render.smk"
include: "workflow/rules/coverage.smk"
include: "workflow/rules/clips.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/exports.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/report.smk"


if AUDITED:

    include: "workflow/rules/audit.smk"


rule all:
    default_target: True
    input:
        targets(),


# Dry runs do not come here: one may look while another works. Snakemake's own lock would outlive a killed run.
onstart:
    if workflow.is_main_process:
        at_start()


onerror:
    if workflow.is_main_process:
        at_failure()


# Of a part of the files that are asked for there may be no report.
onsuccess:
    if workflow.is_main_process:
        for line in nothing_hidden():
            say(line)
    page = Path(RESULTS, "report.html")
    if workflow.is_main_process and "report" in CFG["outputs"] and page.is_file():
        say(f"open {Path(workflow.overwrite_workdir or '', page)}", "info")
