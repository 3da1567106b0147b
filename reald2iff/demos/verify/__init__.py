"""Find out what is broken in a file of demonstrations, and what to do about it."""

from reald2iff.demos.verify.file import FileCheck, check_file, verify
from reald2iff.demos.verify.finding import Finding
from reald2iff.demos.verify.images import ImageScan

__all__ = ["FileCheck", "Finding", "ImageScan", "check_file", "verify"]
