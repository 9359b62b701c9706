"""Ends commands as Ctrl-C does."""
import signal


def stop_on_signals() -> None:
    """Makes a scheduler's signal, or a closed terminal, a ``KeyboardInterrupt``."""
    for name in ('SIGTERM', 'SIGHUP'):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
