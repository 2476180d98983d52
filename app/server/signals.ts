/**
 * Imported before all else: a process that is PID 1 has no default for a signal, so that one which comes while the other modules
 * load would be lost.
 */
type OnSignal = (signal: NodeJS.Signals) => void;

let onSignal: OnSignal = () => undefined;
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, (own) => onSignal(own));

/** Sets what SIGTERM and SIGINT do; one that came during this turn of the event loop is not lost. */
export function handleSignals(handler: OnSignal): void {
  onSignal = handler;
}
