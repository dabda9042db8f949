/** What the controller says: one line each, with what it is about. */
export interface ControllerLog {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** `mapping` and `cluster` are `namespace/name`; `operation` is the id of a run. No value of a Secret is ever one. */
export interface LogFields {
  readonly mapping?: string | undefined;
  readonly cluster?: string | undefined;
  readonly operation?: string | undefined;
  readonly trigger?: string | undefined;
  readonly reason?: string | undefined;
  readonly seconds?: number | undefined;
  /** The stack of an internal error; nothing else carries one. */
  readonly stack?: string | undefined;
}

/** The same log with fields that each line carries. */
export const logAbout = (log: ControllerLog, about: LogFields): ControllerLog => ({
  debug: (message, fields) => log.debug(message, { ...about, ...fields }),
  info: (message, fields) => log.info(message, { ...about, ...fields }),
  warn: (message, fields) => log.warn(message, { ...about, ...fields }),
  error: (message, fields) => log.error(message, { ...about, ...fields }),
});
