"""The measurements: each figure of ours beside a floor that was measured in the same run."""
