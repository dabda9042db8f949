import type { Life } from '../common/process-identity.ts';
import type { Reporter } from '../common/reporter.ts';
import { redactText } from '../moves/journal-options.ts';
import type { OperationInput } from '../moves/operation-input.ts';

/** What a verb works with besides clusters and request: from the CLI, a test or a controller. */
export interface Runtime {
  readonly reporter: Reporter;
  /** Ends the run: Ctrl-C, a limit of time, a controller that stops. */
  readonly signal: AbortSignal;
  /** Who does this: `user@host`, or the name of a controller's pod. For records and the lock. */
  readonly operator: string;
  /** What was typed, for records; never with secrets. */
  readonly commandLine: string;
  /** The version of dr-syncer. */
  readonly version: string;
  readonly process: RunProcess;
  /** For the programs that are started: the mover, hooks. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The work of a controller: a person who asks for the lock gets it before a stage is done; see acquireLock. */
  readonly yields?: boolean | undefined;
  /** The mapping for which a controller stages: `namespace/name@uid`, with the UID of the cluster that the mapping is in. */
  readonly managedBy?: string | undefined;
  /** The mapping whose copy that one takes over. */
  readonly takeOverFrom?: string | undefined;
  /** Asks before something that cannot be taken back; undefined: nobody is asked. */
  readonly confirmation?: Confirmation | undefined;
  /** The local clock, in ms since 1970. */
  now(): number;
}

/** This process as lock and journal name it, and what is known of one so named; see process-identity.ts. */
export interface RunProcess {
  readonly id: string;
  readonly pid: number;
  /** How long its lock lasts without a renewal, in ms; for tests. Default: see acquireLock. */
  readonly lockTtlMs?: number | undefined;
  lifeOf(id: string): Life;
  kill(pid: number, signal: 'SIGINT' | 'SIGKILL'): unknown;
}

/** Asks a person to type a name. */
export interface Confirmation {
  /** Throws UsageError at once where there is nobody to ask, before anything is checked. */
  prepare(): void;
  /** Throws InterruptedError when the answer is another one. */
  ask(question: NameQuestion): Promise<void>;
}

/** What is asked, line by line, and the name to be typed. */
export interface NameQuestion {
  readonly lines: readonly string[];
  readonly name: string;
}

/** The part of an operation's input that comes from the runtime. */
export const operationBase = (
  { operator, commandLine, version, process, reporter, signal }: Runtime,
  takeOver: boolean,
) =>
  ({
    operator,
    commandLine,
    version,
    process,
    takeOver,
    reporter,
    signal,
    redact: redactText,
  }) satisfies Partial<OperationInput>;
