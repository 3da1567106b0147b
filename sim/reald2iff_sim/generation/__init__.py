"""Demonstrations from demonstrations (MimicGen): a few sources, cut by subtask, moved to where objects are.

`Source` demonstrations are cut at their subtask signals (`sources`), one is chosen for each subtask
(`selection`), its end-effector targets are moved with the object that they are relative to (`frames`) and
joined to where the arm is (`path`), and the simulator carries it out (`trial`). What succeeds is kept
(`command`), what fails is explained (`diagnosis`, `report`).
"""
