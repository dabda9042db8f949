import { execa } from 'execa';
import { RefusedError } from '../common/errors.ts';
import { processIdentity } from '../common/process-identity.ts';
import { createTranscript, scrub } from './copy-diagnosis.ts';
import type { Mover } from './find-mover.ts';
import { parseRecord } from './mover-output.ts';
import type { Clock, MoverEvent } from './mover-types.ts';

/** One run of the mover. Times are milliseconds. */
export interface MoverRun {
  readonly mover: Mover;
  readonly args: readonly string[];
  /** Overall time; after it the mover is stopped as if the operator had interrupted it. */
  readonly deadlineMs: number;
  /** How long a stopped mover may take to remove its objects before it is killed. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Aborts when what copies in the clusters is lost; its reason is a clause. The mover is then stopped like by `signal`. */
  readonly lost?: AbortSignal | undefined;
  /** Called once the process runs; when it throws, the mover is stopped and the error is thrown on. */
  readonly onStarted?: (process: { pid: number; identity: string | undefined }) => Promise<void>;
  readonly onEvent?: (event: MoverEvent) => void;
}

/** How one run ended. */
export interface MoverOutcome {
  /** `killed`: it did not end in its grace period, so its objects are still in the clusters. */
  readonly end: 'succeeded' | 'failed' | Stop | 'killed';
  /** Why it was stopped, where it was. */
  readonly stopped?: Stop | undefined;
  /** For `lost`: what became of it, as a clause. */
  readonly lost?: string | undefined;
  /** 0..255; undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly endedBy?: string | undefined;
  readonly seconds: number;
  /** The strategy that succeeded, else the last one tried. */
  readonly strategy?: string | undefined;
  /** The mover's own id of this run, which versions before 3.2 choose themselves. */
  readonly moverId?: string | undefined;
  readonly bytes?: number | undefined;
  readonly warnings: readonly string[];
  /** The mover said that it could not remove its objects (it exits 0 all the same). */
  readonly cleanupFailed: boolean;
  readonly tail: readonly string[];
  readonly diagnosis?: string | undefined;
  /** The diagnosis in short. */
  readonly cause?: string | undefined;
  readonly hint?: string | undefined;
}

const NOT_SAID = 'it did not report that it copied anything';

type Stop = 'interrupted' | 'deadline' | 'lost';

/** How long lines may still come after the process has ended: a child of it may hold the stream open. */
const DRAIN_MS = 3000;

/**
 * Runs the mover to its end and reads what it says. An abort of a signal, or the deadline, sends SIGINT exactly
 * once (older versions leave without cleaning up at a second one) and then waits: removing the objects takes as long
 * as its timeouts. Throws RefusedError when the program cannot be started, and what onStarted throws.
 *
 * The process has its own group, so that Ctrl-C of the terminal reaches it only through us. If dr-syncer is ended by
 * kill -9 the mover dies at its next line of output (its pipe is broken), but the Job that copies does not: therefore
 * the caller records id, pid and identity, and the next run calls endProcess() and cleanupLeftovers().
 */
export const runMover = async (run: MoverRun): Promise<MoverOutcome> => {
  const { mover, clock } = run;
  const startedAt = clock.now();
  const child = execa(mover.path, run.args, {
    env: mover.env,
    extendEnv: false,
    detached: true,
    killDescendants: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    forceKillAfterDelay: false,
  });
  const { pid } = child;
  if (pid === undefined) {
    const { shortMessage } = await child;
    throw new RefusedError(`${mover.path} cannot be started: ${shortMessage}`);
  }
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.nodeChildProcess.once('exit', (code, signal) => resolve({ code, signal }));
  });
  // The child's own promise waits for streams that others may hold open; it is only kept from being unhandled.
  child.catch(() => undefined);

  const facts = collectFacts(run.onEvent);
  const reading = Promise.all([
    readLines(child.iterable({ from: 'stdout' }), facts.line),
    readLines(child.iterable({ from: 'stderr' }), facts.line),
  ]);
  const stopper = new AbortController();
  const stopping = stopWhenAsked(run, exited, stopper.signal, {
    interrupt: () => child.nodeChildProcess.kill('SIGINT'),
    // The whole group: a login plugin or ssh must not outlive it.
    kill: () => child.kill('SIGKILL'),
  });
  let startError: unknown;
  try {
    await run.onStarted?.({ pid, identity: processIdentity(pid) });
  } catch (error) {
    startError = error;
    stopping.now('interrupted');
  }
  const exit = await exited;
  stopper.abort();
  await Promise.race([reading, clock.sleep(DRAIN_MS)]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  const { stopped, killed } = await stopping.done;
  if (startError !== undefined) throw startError;
  const said = facts.summary();
  // Exit code 0 alone may come from another program of that name, or from a flag that only prints something.
  const isCopied = exit.code === 0 && (said.isTold || mover.dialect.version.major < 2);
  const { isTold: _told, ...summary } = said;
  return {
    ...summary,
    ...(exit.code === 0 && !isCopied ? { diagnosis: NOT_SAID, cause: NOT_SAID } : {}),
    end: isCopied ? 'succeeded' : killed ? 'killed' : (stopped ?? 'failed'),
    stopped,
    ...(stopped === 'lost' ? { lost: String(run.lost?.reason) } : {}),
    exitCode: exit.code ?? undefined,
    endedBy: exit.signal ?? undefined,
    seconds: (clock.now() - startedAt) / 1000,
  };
};

type Stopped = { stopped: Stop | undefined; killed: boolean };

// Watches the signals and the deadline; whichever comes first stops the process, and nothing is sent twice.
const stopWhenAsked = (
  run: MoverRun,
  exited: Promise<unknown>,
  ended: AbortSignal,
  send: { interrupt(): void; kill(): void },
): { now(why: 'interrupted'): void; done: Promise<Stopped> } => {
  const asked = Promise.withResolvers<Stop | undefined>();
  const interrupt = (): void => asked.resolve('interrupted');
  const lose = (): void => asked.resolve('lost');
  if (run.signal?.aborted === true) interrupt();
  run.signal?.addEventListener('abort', interrupt, { once: true });
  run.lost?.addEventListener('abort', lose, { once: true });
  void run.clock
    .sleep(run.deadlineMs, ended)
    .then(() => asked.resolve(ended.aborted ? undefined : 'deadline'));
  const done = (async (): Promise<Stopped> => {
    const stopped = await asked.promise;
    run.signal?.removeEventListener('abort', interrupt);
    run.lost?.removeEventListener('abort', lose);
    if (stopped === undefined || ended.aborted) return { stopped: undefined, killed: false };
    send.interrupt();
    await Promise.race([exited, run.clock.sleep(run.graceMs, ended)]);
    if (ended.aborted) return { stopped, killed: false };
    const left = await Promise.race([exited.then(() => false), Promise.resolve(true)]);
    if (!left) return { stopped, killed: false };
    send.kill();
    return { stopped, killed: true };
  })();
  return { now: (why) => asked.resolve(why), done };
};

const readLines = async (lines: AsyncIterable<unknown>, take: (line: string) => void): Promise<void> => {
  try {
    for await (const line of lines) take(String(line));
  } catch {
    // The stream was closed under us after the process had ended.
  }
};

type Summary = Pick<
  MoverOutcome,
  'strategy' | 'moverId' | 'bytes' | 'warnings' | 'cleanupFailed' | 'tail' | 'diagnosis' | 'cause' | 'hint'
>;

const collectFacts = (
  onEvent: MoverRun['onEvent'],
): { line(line: string): void; summary(): Summary & { readonly isTold: boolean } } => {
  const transcript = createTranscript();
  const warnings: string[] = [];
  let strategy: string | undefined;
  let moverId: string | undefined;
  let bytes: number | undefined;
  let cleanupFailed = false;
  let isTold = false;
  const line = (text: string): void => {
    const event = parseRecord(text);
    if (event === undefined) return;
    transcript.add(event);
    if (event.type === 'strategy') strategy = event.strategy;
    if (event.type === 'succeeded') {
      isTold = true;
      strategy = event.strategy ?? strategy;
    }
    if (event.type === 'identified') moverId = event.id;
    if (event.type === 'progress') bytes = event.bytes ?? bytes;
    if (event.type === 'vanished') warnings.push(scrub(event.message));
    if (event.type === 'cleanup-failed') {
      cleanupFailed = true;
      warnings.push(scrub(event.message));
    }
    onEvent?.(event);
  };
  const summary = (): Summary & { readonly isTold: boolean } => ({
    isTold,
    strategy,
    moverId,
    bytes,
    warnings,
    cleanupFailed,
    tail: transcript.tail(),
    diagnosis: transcript.diagnosis(),
    cause: transcript.cause(),
    hint: transcript.hint(),
  });
  return { line, summary };
};
