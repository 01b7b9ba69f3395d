from hypothesis import HealthCheck, settings

# The machine may be busy with servers at the same time: time is no measure here. The same examples at every run.
settings.register_profile(
    "rules",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("rules")
