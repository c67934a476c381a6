"""Settings of an environment that nobody serves."""

STORES = {
    "mongodb": {"uri": "mongodb://127.0.0.1:2", "database": "focus"},
    "rabbitmq": {"url": "amqp://127.0.0.1:3"},
    "kubernetes": {"namespace": "focus"},
}
COMPLETE = {"focus_server": {"base_url": "http://127.0.0.1:1"}, **STORES}
"""A profile that has all it needs."""

ON_ANOTHER_MACHINE = {"focus_server": {"base_url": "https://focus.example"}, **STORES}
