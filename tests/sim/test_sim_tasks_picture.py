import pytest
from PIL import Image

from reald2iff.errors import InvalidParameterError
from reald2iff.pictures import depth_panels
from reald2iff_sim import tasks_picture
from reald2iff_sim.tasks_picture import TasksPictureConfig, show_tasks


def test_a_row_of_the_picture_shows_four_different_moments(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        tasks_picture, "depth_panels", lambda rows, path: drawn.extend(rows) or depth_panels(rows, path)
    )
    path = tmp_path / "tasks.png"
    assert show_tasks(TasksPictureConfig(out=path, tasks=("pick_cube",), width=64)) == 0
    width, height = Image.open(path).size
    assert width > 3 * height
    ((first, *others),) = drawn
    assert len(others) == 3
    assert all((panel.image != first.image).any() for panel in others)


def test_a_task_that_there_is_not_raises():
    with pytest.raises(InvalidParameterError, match="juggle"):
        TasksPictureConfig(tasks=("juggle",))
