"""What a check found, for the terminal."""

from __future__ import annotations

from rich.console import Console

from reald2iff.demos.verify import FileCheck, Finding

_EXAMPLES = 4
_HEADINGS = {
    "unreadable": ("UNREADABLE", "bold red"),
    "broken": ("BROKEN", "red"),
    "remark": ("remarks", "yellow"),
}


def print_findings(console: Console, check: FileCheck) -> None:
    """Print what was found, the worst first; what asks for the same remedy stands together.

    Args:
        console: Where to.
        check: Of a file.
    """
    for severity, (heading, style) in _HEADINGS.items():
        by_advice: dict[str, list[Finding]] = {}
        for finding in check.findings:
            if finding.severity == severity:
                by_advice.setdefault(finding.advice, []).append(finding)
        if by_advice:
            console.print(f"\n{heading}", style=style)
        for advice, alike in by_advice.items():
            for finding in alike[:_EXAMPLES]:
                console.print(f"  {finding}", highlight=False, soft_wrap=True, markup=False)
            if len(alike) > _EXAMPLES:
                console.print(f"  ... and {len(alike) - _EXAMPLES} more like it", style="dim")
            console.print(f"    -> {advice}", style="dim", highlight=False, soft_wrap=True, markup=False)
    read = f"{len(check.episodes)} episode{'s' if len(check.episodes) != 1 else ''}"
    if check.is_broken:
        wrong = {finding.where for finding in check.findings if finding.severity != "remark"} - {""}
        what = f"{len(wrong)} of {read} at fault" if check.episodes else "no episode can be read"
        console.print(f"\nBROKEN: {what}", style="bold red")
    else:
        console.print(f"\nsound: {read}, every image read", style="green")
