"""Examines an installation, and says what to do about each thing that is wrong."""

from posthouse.runtime.doctor.examine import examine
from posthouse.runtime.doctor.findings import Finding, Level, Report

__all__ = ["Finding", "Level", "Report", "examine"]
