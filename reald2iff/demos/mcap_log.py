"""One MCAP per episode: the ROS 2 messages of a recording, untouched, for `ros2 bag` and Foxglove.

Written with the ``mcap`` library, not with rosbags' writer: that one makes a folder with ``metadata.yaml``
and leaves chunks uncompressed, while a bare ``.mcap`` of ROS 2's profile is what ``ros2 bag play -s mcap``,
Foxglove and rosbags all open, and can be given its name atomically.
"""

from __future__ import annotations

from pathlib import Path

from mcap.well_known import MessageEncoding, Profile, SchemaEncoding
from mcap.writer import CompressionType, Writer
from rosbags.typesys import Stores, get_typestore

from reald2iff.demos.durable import publish_file
from reald2iff.errors import DatasetError

TEMPORARY = ".mcap.tmp"

_FOREVER = "{sec: 9223372036, nsec: 854775807}"
_RELIABLE_KEEP_LAST_10 = f"""- history: 1
  depth: 10
  reliability: 1
  durability: 2
  deadline: {_FOREVER}
  lifespan: {_FOREVER}
  liveliness: 1
  liveliness_lease_duration: {_FOREVER}
  avoid_ros_namespace_conventions: false
"""
"""What the project's publishers offer, in the spelling of rosbag2 before version 9 that all versions read."""


class McapLog:
    """Log of one episode; `finish` gives the file its name, so that a name means a whole file.

    Args:
        path: ``*.mcap``; a file of that name is replaced when this one is finished.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._temporary = self.path.with_suffix(TEMPORARY)
        self._types = get_typestore(Stores.ROS2_JAZZY)
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._file = self._temporary.open("wb")
        self._writer = Writer(self._file, compression=CompressionType.ZSTD)
        self._writer.start(profile=Profile.ROS2, library="reald2iff")

    @property
    def counts(self) -> dict[str, int]:
        """Messages written so far, by topic."""
        return dict(self._counts)

    def write(self, topic: str, message_type: str, payload: bytes, stamp: int) -> None:
        """Add a message.

        Args:
            topic: Absolute name.
            message_type: ``package/msg/Name``.
            payload: As serialised by the middleware (CDR).
            stamp: Of the message's header, nanoseconds: when it is logged and published.

        Raises:
            DatasetError: for a message type whose definition is not known.
        """
        if topic not in self._channels:
            self._channels[topic] = self._add_channel(topic, message_type)
            self._counts[topic] = 0
        self._writer.add_message(
            channel_id=self._channels[topic],
            log_time=stamp,
            data=payload,
            publish_time=stamp,
            sequence=self._counts[topic],
        )
        self._counts[topic] += 1

    def finish(self) -> Path:
        """Complete the file; returns its path once it is durable."""
        self._writer.finish()
        self._file.close()
        publish_file(self._temporary, self.path)
        return self.path

    def discard(self) -> None:
        """Close and remove the unfinished file."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _add_channel(self, topic: str, message_type: str) -> int:
        if message_type not in self._schemas:
            if message_type not in self._types.types:
                raise DatasetError(f"{topic} has type {message_type}: expected a common ROS 2 message type")
            definition, _ = self._types.generate_msgdef(message_type, ros_version=2)
            self._schemas[message_type] = self._writer.register_schema(
                message_type, SchemaEncoding.ROS2, definition.encode()
            )
        return self._writer.register_channel(
            topic,
            MessageEncoding.CDR,
            self._schemas[message_type],
            {
                "offered_qos_profiles": _RELIABLE_KEEP_LAST_10,
                "topic_type_hash": self._types.hash_rihs01(message_type),
            },
        )
