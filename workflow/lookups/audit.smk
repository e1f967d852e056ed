# Protected video that is audited comes to protected/ when that is over, and by another rule; so it is never there before.
# What is made of its pictures (video summaries, clips) takes it from where it was: those are not for giving away.
AUDITED = "audit" in CFG["outputs"]
AUDIT_FLOOR, LEAK_SCORE = audit_bars(CFG)
PROTECTED = "unaudited" if AUDITED else "protected"


def unaudited(wildcards, input):
    """The protected video where it is before it is let through; an input, so its content counts."""
    return input.video


FILES["audit"] = [*per_video("protected/{video}.mp4", "audit/{video}.json"), f"{RESULTS}/audit/audit.csv"]
