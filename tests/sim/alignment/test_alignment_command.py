import numpy as np
import yaml
from scipy.spatial.transform import Rotation

from reald2iff.cli import main
from reald2iff_sim.alignment.folder import write_folder
from reald2iff_sim.alignment.poses import moved, pose_error


def test_the_command_writes_the_pose_and_a_picture(clean_views, tmp_path):
    import cv2

    views, truth = clean_views
    write_folder(tmp_path / "views", views, moved(truth, np.array([0.03, -0.02, 0.04, 0.05, 0.02, -0.05])))
    out = tmp_path / "camera.yaml"
    assert not main(["camera", "align", str(tmp_path / "views"), "--out", str(out)])
    result = yaml.safe_load(out.read_text())
    pose = np.array(result["T_base_camera"])
    # The images are rounded to millimetres.
    assert pose_error(pose, truth)[0] < 2e-3
    np.testing.assert_allclose(
        Rotation.from_quat(result["quaternion_xyzw"]).as_matrix(), pose[:3, :3], atol=1e-9
    )
    assert result["uncertainty"]["position_sd_m"] > 0
    picture = cv2.imread(str(tmp_path / "camera.png"))
    assert picture.shape == (2 * 240, 320 * len(views), 3)
    green = (picture == (90, 255, 40)).all(axis=2)
    assert green[240:].sum() > 300 and not green[:240].any()


def test_a_folder_without_a_guess_is_refused(clean_views, tmp_path, capsys):
    write_folder(tmp_path / "views", clean_views[0][:1], np.eye(4))
    index = tmp_path / "views" / "index.json"
    index.write_text(index.read_text().replace("T_base_camera", "T_unknown"))
    assert main(["camera", "align", str(tmp_path / "views")]) == 2
    assert "--guess" in capsys.readouterr().err
