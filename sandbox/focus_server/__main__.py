"""``python -m sandbox.focus_server``: set by ``FOCUS_SERVER_*``, ``ready URL`` on stdout, log on stderr."""

import gc
import sys


def main() -> int:
    """Run the server; 0 after a signal, 2 when it cannot start with these settings."""
    # Importing is most of the start, and makes nothing but objects that stay: collecting garbage
    # meanwhile costs a tenth of it and finds none.
    gc.disable()
    from pydantic import ValidationError

    from kubeconfig import KubeconfigError
    from sandbox.focus_server.composition import build_parts
    from sandbox.focus_server.errors import CannotServe
    from sandbox.focus_server.logs import log_to_stderr
    from sandbox.focus_server.serving import serve
    from sandbox.focus_server.settings import Settings

    gc.freeze()
    gc.enable()
    log_to_stderr()
    try:
        settings = Settings.from_environment()
        parts = build_parts(settings)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"FOCUS_SERVER_{name}: {problem['msg']}; set it in the environment", file=sys.stderr)
        return 2
    except KubeconfigError as error:
        print(f"FOCUS_SERVER_KUBECONFIG: {error}", file=sys.stderr)
        return 2
    try:
        serve(settings, parts)
    except CannotServe as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
