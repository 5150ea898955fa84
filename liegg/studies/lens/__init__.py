"""Part V: functions whose symmetries are known, other ways to discover them, and what they cost."""
