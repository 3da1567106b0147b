"""Headless rendering of a MuJoCo model from any pose through any pinhole camera."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DependencyError, InvalidParameterError, SimulationError
from reald2iff.geometry import PinholeIntrinsics

# MuJoCo binds the OpenGL platform when it is imported.
os.environ.setdefault("MUJOCO_GL", "egl")
_EGL_HINT = "headless rendering needs EGL: apt-get install -y libegl1 libgl1"

try:
    import mujoco
except ModuleNotFoundError as error:
    raise DependencyError("rendering needs MuJoCo: pip install 'reald2iff-ros[sim]'") from error
except (ImportError, AttributeError, OSError) as error:  # what PyOpenGL raises without libEGL varies
    raise DependencyError(f"{_EGL_HINT} ({error})") from error


class HeadlessRenderer:
    """Depth, colour, albedo and segmentation images of one model.

    Poses are ``T_world_optical (4, 4)``: x right, y down, z forward. The centre of the top left pixel is
    (0, 0). The clipping planes are absolute: MuJoCo's own scale with ``statistic extent``, which a single
    far object changes.

    Geometry, materials and textures are uploaded when the renderer is made; colours, positions and sizes
    are read from the model at every image.

    Attributes:
        model: What is rendered.

    Raises:
        DependencyError: without a working EGL (or the platform that ``MUJOCO_GL`` names).
        InvalidParameterError: for clipping planes or samples outside their range.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        width: int = 1280,
        height: int = 960,
        *,
        samples: int = 0,
        near: float = 0.05,
        far: float = 30.0,
        max_geoms: int = 2000,
    ) -> None:
        """Make a renderer.

        Args:
            model: What to render. Its ``vis.global_`` buffer size and ``vis.quality.offsamples`` are set.
            width: Columns of the largest image.
            height: Rows of the largest image.
            samples: Samples per pixel of colour images. Depth and segmentation exist only without
                anti-aliasing (0), which would shift their edges.
            near: Nearest depth that is rendered, metres.
            far: Farthest depth, metres; beyond it depth is 0.
            max_geoms: Most geometries in one image.
        """
        if not 0 < near < far:
            raise InvalidParameterError(f"near, far = {near}, {far}: expected 0 < near < far, in metres")
        if samples < 0:
            raise InvalidParameterError(f"samples = {samples}: expected 0 or more")
        self.model = model
        self._size = (width, height)
        self._samples, self._near, self._far = samples, near, far
        model.vis.global_.offwidth = width
        model.vis.global_.offheight = height
        model.vis.quality.offsamples = samples
        self._scene = mujoco.MjvScene(model=model, maxgeom=max_geoms)
        # Robot meshes have seams; through them one would see the far background instead of the inner wall.
        self._scene.flags[mujoco.mjtRndFlag.mjRND_CULL_FACE] = False
        self._option = mujoco.MjvOption()
        self._gl: Any = _make_gl_context(width, height)
        try:
            self._gl.make_current()
            self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50.value)
        except (mujoco.FatalError, RuntimeError) as error:
            self._gl.free()
            raise SimulationError(f"no rendering context could be made: {error}") from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR

    def depth(
        self, data: mujoco.MjData, pose: NDArray[np.float64], intrinsics: PinholeIntrinsics
    ) -> NDArray[np.float32]:
        """Planar depth ``(H, W) float32`` in metres, 0 where nothing is hit."""
        self._require_point_samples("depth")
        with self._flags(segment=True, idcolor=True):
            self._render(data, pose, intrinsics)
        return self._read_depth(intrinsics)

    def color(
        self, data: mujoco.MjData, pose: NDArray[np.float64], intrinsics: PinholeIntrinsics
    ) -> NDArray[np.uint8]:
        """Lit colour image ``(H, W, 3) uint8`` RGB with the shadows and reflections of the model's lights."""
        self._render(data, pose, intrinsics)
        return self._read_color(intrinsics)

    def albedo_and_depth(
        self, data: mujoco.MjData, pose: NDArray[np.float64], intrinsics: PinholeIntrinsics
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Material colours without any light, ``(H, W, 3) uint8`` RGB, and `depth`, in one pass."""
        self._require_point_samples("depth")
        with self._flags(shadow=False, reflection=False, haze=False, fog=False):
            self._render(data, pose, intrinsics, ambient_only=True)
        return self._read_color(intrinsics), self._read_depth(intrinsics)

    def depth_and_segmentation(
        self, data: mujoco.MjData, pose: NDArray[np.float64], intrinsics: PinholeIntrinsics
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """`depth`, and the index of the geom that each pixel shows, ``(H, W) int32``, in one pass.

        The index is -1 where there is none.
        """
        self._require_point_samples("segmentation")
        with self._flags(segment=True, idcolor=True):
            self._render(data, pose, intrinsics)
            rgb = self._read_color(intrinsics).astype(np.int32)
        depth = self._read_depth(intrinsics)
        geom_of_segment = np.full(self._scene.ngeom + 1, -1, dtype=np.int32)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            if geom.segid >= 0 and geom.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                geom_of_segment[geom.segid + 1] = geom.objid
        return depth, geom_of_segment[rgb[..., 0] + (rgb[..., 1] << 8) + (rgb[..., 2] << 16)]

    def segmentation(
        self, data: mujoco.MjData, pose: NDArray[np.float64], intrinsics: PinholeIntrinsics
    ) -> NDArray[np.int32]:
        """The second image of `depth_and_segmentation`."""
        return self.depth_and_segmentation(data, pose, intrinsics)[1]

    def show_groups(self, groups: Collection[int]) -> None:
        """Draw the geoms of these groups (0 to 5) from now on; at first 0, 1 and 2."""
        self._option.geomgroup[:] = [group in groups for group in range(len(self._option.geomgroup))]

    def upload_texture(self, texture: int) -> None:
        """Take over new ``model.tex_data`` of one texture."""
        self._gl.make_current()
        mujoco.mjr_uploadTexture(self.model, self._context, texture)

    def close(self) -> None:
        """Free the context; harmless when repeated."""
        if self._gl is not None:
            with self._gl.as_current():
                self._context.free()
            self._gl.free()
            self._gl = None

    def __del__(self) -> None:
        # Freed later, while another context is current, it would take that one's objects with it.
        if getattr(self, "_gl", None) is not None:
            self.close()

    def __enter__(self) -> HeadlessRenderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_point_samples(self, image: str) -> None:
        if self._samples:
            raise SimulationError(
                f"{image} from a renderer with samples={self._samples}: expected one made with samples=0"
            )

    def _render(
        self,
        data: mujoco.MjData,
        pose: NDArray[np.float64],
        intrinsics: PinholeIntrinsics,
        ambient_only: bool = False,
    ) -> None:
        if self._gl is None:
            raise SimulationError("the renderer is closed")
        if intrinsics.width > self._size[0] or intrinsics.height > self._size[1]:
            raise SimulationError(
                f"image {intrinsics.width}x{intrinsics.height}: expected at most "
                f"{self._size[0]}x{self._size[1]}, the renderer's size"
            )
        self._gl.make_current()
        every = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self.model, data, self._option, None, mujoco.MjvCamera(), every, self._scene)
        self._set_camera(pose, intrinsics)
        if ambient_only:
            self._scene.nlight = 1
            light = self._scene.lights[0]
            light.ambient[:], light.diffuse[:], light.specular[:] = 1.0, 0.0, 0.0
            light.headlight = 1
        mujoco.mjr_render(self._rect(intrinsics), self._scene, self._context)

    def _set_camera(self, pose: NDArray[np.float64], intrinsics: PinholeIntrinsics) -> None:
        # Edges of the image in pixels lie half a pixel outside the centres of its outer pixels.
        i, near = intrinsics, self._near
        left, right = (-0.5 - i.cx) / i.fx * near, (i.width - 0.5 - i.cx) / i.fx * near
        top, bottom = (i.cy + 0.5) / i.fy * near, (i.cy + 0.5 - i.height) / i.fy * near
        for camera in self._scene.camera:
            camera.pos = pose[:3, 3]
            camera.forward = pose[:3, 2]
            camera.up = -pose[:3, 1]
            camera.frustum_center = (left + right) / 2
            camera.frustum_width = (right - left) / 2
            camera.frustum_bottom, camera.frustum_top = bottom, top
            camera.frustum_near, camera.frustum_far = near, self._far
            camera.orthographic = 0

    @contextmanager
    def _flags(self, **flags: bool) -> Iterator[None]:
        before = self._scene.flags.copy()
        for name, value in flags.items():
            self._scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{name.upper()}")] = value
        try:
            yield
        finally:
            np.copyto(self._scene.flags, before)

    def _rect(self, intrinsics: PinholeIntrinsics) -> mujoco.MjrRect:
        return mujoco.MjrRect(0, 0, intrinsics.width, intrinsics.height)

    def _read_color(self, intrinsics: PinholeIntrinsics) -> NDArray[np.uint8]:
        image = np.empty((intrinsics.height, intrinsics.width, 3), dtype=np.uint8)
        mujoco.mjr_readPixels(image, None, self._rect(intrinsics), self._context)
        return np.ascontiguousarray(image[::-1])

    def _read_depth(self, intrinsics: PinholeIntrinsics) -> NDArray[np.float32]:
        # With reversed depth the buffer b holds 1 at the near plane and 0 at the far plane:
        # 1/z = 1/far + b (1/near - 1/far).
        buffer = np.empty((intrinsics.height, intrinsics.width), dtype=np.float32)
        mujoco.mjr_readPixels(None, buffer, self._rect(intrinsics), self._context)
        inverse = np.float32(1 / self._near - 1 / self._far) * buffer[::-1] + np.float32(1 / self._far)
        return np.where(buffer[::-1] > 0, np.float32(1) / inverse, np.float32(0))


def _make_gl_context(width: int, height: int) -> Any:
    if os.environ["MUJOCO_GL"].lower() == "egl":
        try:
            from mujoco.egl import GLContext

            return GLContext(width, height)
        except (ImportError, AttributeError, OSError, RuntimeError) as error:
            raise DependencyError(f"{_EGL_HINT} ({error})") from error
    from mujoco.rendering.classic.gl_context import GLContext as PlatformContext

    return PlatformContext(width, height)
