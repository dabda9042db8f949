import type { ExitName } from './exit-codes.ts';

/** What an error is about, for programs that decide by it: the condition reasons of a controller. */
export type ErrorReason =
  | 'NamespaceMissing'
  | 'EmptySelection'
  | 'UnknownType'
  | 'DestinationLive'
  | 'OperationRunning';

/** What a DrError may carry besides its message: the next command to type, and the error underneath. */
export interface DrErrorOptions {
  readonly hint?: string | undefined;
  readonly about?: ErrorReason | undefined;
  readonly cause?: unknown;
}

/**
 * Root of every error that dr-syncer raises on purpose. `message` is a whole sentence for the operator, `hint` the
 * next thing to do, `exit` the row of the exit-code table, `type` a stable word for JSON output.
 */
export abstract class DrError extends Error {
  abstract readonly type: string;
  abstract readonly exit: ExitName;
  readonly hint: string | undefined;
  readonly about: ErrorReason | undefined;

  constructor(message: string, options: DrErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
    this.about = options.about;
  }
}

/** Wrong flags, wrong configuration file, unknown context: nothing was attempted. */
export class UsageError extends DrError {
  readonly type = 'usage';
  readonly exit = 'usage';
}

/** A preflight check, a dry run or a missing right says no before any change was made. */
export class RefusedError extends DrError {
  readonly type = 'refused';
  readonly exit = 'refused';
}

/** The run stopped after changes were made; the journal or the same command goes on from there. */
export class PartialError extends DrError {
  readonly type = 'partial';
  readonly exit = 'partial';
}

/** Another operator holds the lock of this namespace. */
export class LockedError extends DrError {
  readonly type = 'locked';
  readonly exit = 'locked';
}

/** The step could run both sides or lose data, and the operator has not acknowledged that. */
export class UnsafeError extends DrError {
  readonly type = 'unsafe';
  readonly exit = 'unsafe';
}

/** Ctrl-C or SIGTERM: the run stopped at a safe point. */
export class InterruptedError extends DrError {
  readonly type = 'interrupted';
  readonly exit = 'interrupted';
}

/** Tells an error of ours (message is fit for the operator) from a foreign one (a bug until translated). */
export const isDrError = (error: unknown): error is DrError => error instanceof DrError;

/** Returns the text of any thrown value, without its stack. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
