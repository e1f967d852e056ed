# From folders of office video to colour masks, protected video and coverage; what each step promises is in docs/.
from snakemake.utils import min_version

min_version("9.27")


include: "workflow/lookups/common.smk"


pathvars:
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",
    second_look="<results>/second_look",
    protected=f"<results>/{PLAN.protected}",


include: "workflow/rules/model.smk"
include: "workflow/rules/frames.smk"
include: "workflow/rules/detect.smk"
include: "workflow/rules/tracks.smk"
include: "workflow/rules/decide.smk"
include: "workflow/rules/render.smk"
include: "workflow/rules/coverage.smk"
include: "workflow/rules/clips.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/exports.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/report.smk"


if PLAN.audited:

    include: "workflow/rules/audit.smk"


rule all:
    default_target: True
    input:
        targets(PLAN),


# Dry runs do not come here: one may look while another works. Snakemake's own lock would outlive a killed run.
onstart:
    if MAIN:
        lift_default_limit(workflow.scheduler)
        with refusing():
            PASS.begin()
            HANDED.write()


onerror:
    if MAIN:
        PASS.fail()


onsuccess:
    if MAIN:
        PASS.succeed()
