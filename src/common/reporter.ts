/**
 * Narration: what the operator reads on stderr while a run goes on. The vocabulary is closed; a reporter decides
 * the form (human lines, JSON lines, silence). Messages carry no colour and no secret values.
 */
export interface Reporter {
  /** A phase or an effect starts: "Applying 38 objects to context dr". */
  action(message: string): void;
  /** Something is being waited for: "Waiting for 3 pods of Deployment web to end". */
  waiting(message: string): void;
  success(message: string): void;
  warning(message: string): void;
  failure(message: string): void;
  /** What to do next: it is for the operator to do, and not under way. */
  hint(message: string): void;
  /** Detail for `--log-level debug`. */
  debug(message: string): void;
  /** Progress of the current phase: done out of total, monotone. Shown on a TTY only. */
  progress(done: number, total: number, what: string): void;
  /** A machine-readable event, written by `--output ndjson`; silent otherwise. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void;
}

const nothing = (): void => undefined;

/** A reporter that says nothing: for tests and for operations inside operations. */
export const silentReporter: Reporter = {
  action: nothing,
  waiting: nothing,
  success: nothing,
  warning: nothing,
  failure: nothing,
  hint: nothing,
  debug: nothing,
  progress: nothing,
  event: nothing,
};
