"""Launch descriptions of the graphs, for `ros2 launch`. Imports launch, which only a ROS installation has.

Both launch files call `describe`; it reads the nodes out of `reald2iff_ros.graph`, as `reald2iff up` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition

from reald2iff_ros.graph import GRAPHS, NodeSpec, argument_descriptions, argument_text, config_from_strings


def describe(graph: str) -> LaunchDescription:
    """The launch description of a graph, ``sim`` or ``record``: its arguments, then its nodes."""
    config = GRAPHS[graph].config
    descriptions = argument_descriptions(config)
    arguments = [
        DeclareLaunchArgument(
            field.name, default_value=argument_text(field.default), description=descriptions[field.name]
        )
        for field in fields(config)
    ]
    buffered = SetEnvironmentVariable("RCUTILS_LOGGING_BUFFERED_STREAM", "1")
    return LaunchDescription([*arguments, buffered, OpaqueFunction(function=_nodes, args=[graph])])


def _nodes(context: LaunchContext, graph: str) -> list[Any]:
    description = GRAPHS[graph]
    config = config_from_strings(
        description.config,
        {f.name: LaunchConfiguration(f.name).perform(context) for f in fields(description.config)},
    )
    nodes = [_lifecycle_node(spec, config.log_level) for spec in description.nodes(config)]
    # The handlers first, so that no start of a process is missed.
    return [*_in_order(nodes), *nodes]


def _lifecycle_node(spec: NodeSpec, log_level: str) -> LifecycleNode:
    return LifecycleNode(
        package="reald2iff_ros",
        executable=spec.name,
        name=spec.name,
        namespace=spec.namespace,
        parameters=[*(str(path) for path in spec.params_files), dict(spec.parameters)],
        remappings=list(spec.remappings.items()),
        ros_arguments=["--log-level", log_level],
        output="screen",
        on_exit=_end_all,
    )


def _end_all(event: Any, context: LaunchContext) -> list[Shutdown]:
    # A second shutdown while the first one is under way is an error to launch_ros.
    return [] if context.is_shutdown else [Shutdown(reason=f"{event.process_name} ended")]


def _in_order(nodes: Sequence[LifecycleNode]) -> list[RegisterEventHandler]:
    """Configures the first node when it starts, activates it, then goes on with the next one."""
    configure, activate = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
    handlers = [
        RegisterEventHandler(OnProcessStart(target_action=nodes[0], on_start=[_ask(nodes[0], configure)]))
    ]
    for node, following in zip(nodes, [*nodes[1:], None], strict=True):
        handlers.append(
            RegisterEventHandler(
                OnStateTransition(
                    target_lifecycle_node=node,
                    start_state="configuring",
                    goal_state="inactive",
                    entities=[_ask(node, activate)],
                )
            )
        )
        if following is not None:
            handlers.append(
                RegisterEventHandler(
                    OnStateTransition(
                        target_lifecycle_node=node,
                        start_state="activating",
                        goal_state="active",
                        entities=[_ask(following, configure)],
                    )
                )
            )
    return handlers


def _ask(node: LifecycleNode, transition: int) -> EmitEvent:
    return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition))
