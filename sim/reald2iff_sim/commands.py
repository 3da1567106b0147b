"""The commands of the simulation package."""

from reald2iff.cli.command import Command

COMMANDS = (
    Command(
        "bench demos",
        "reald2iff_sim.bench_demos:bench_demos",
        "success and speed of making demonstrations",
    ),
    Command(
        "bench align",
        "reald2iff_sim.alignment.bench:bench_align",
        "how near camera alignment comes to the truth",
    ),
    Command("bench sim", "reald2iff_sim.bench:bench_sim", "time the simulation, rendering and the expert"),
    Command(
        "camera align",
        "reald2iff_sim.alignment.command:camera_align",
        "find the camera's pose from images of the arm",
    ),
    Command(
        "demos generate",
        "reald2iff_sim.generation.command:generate",
        "make many demonstrations of a few (MimicGen)",
    ),
    Command(
        "demos render",
        "reald2iff_sim.rendering.command:render",
        "pictures of demonstrations that hold states",
    ),
    Command(
        "sim show",
        "reald2iff_sim.tasks_picture:show_tasks",
        "picture of the tasks, from reset to success",
    ),
)
