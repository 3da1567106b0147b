"""The commands of the simulation package."""

from reald2iff.cli.command import Command

COMMANDS = (
    Command("bench sim", "reald2iff_sim.bench:bench_sim", "time the simulation, rendering and the expert"),
)
