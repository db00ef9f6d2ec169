"""The command line: every command is HTTP and JSON, to the running server or to the app started here."""


def main() -> None:
    """Run the command that the arguments name, and exit with its status."""
    from mem.cli.app import app

    app()
