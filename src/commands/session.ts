import { InterruptedError, isDrError, PartialError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import type { Reporter } from '../common/reporter.ts';
import type { ClusterOptions } from '../kube/cluster.ts';
import type { FoundMapping } from '../mapping/find-mapping.ts';
import { confirmName, needTerminal } from '../ui/confirm.ts';
import { humanReporter } from '../ui/human.ts';
import type { Io } from '../ui/io.ts';
import { jsonLinesReporter, withEvents } from '../ui/json-lines.ts';
import { createTheme, type Theme, wantsColor } from '../ui/theme.ts';
import type { ClusterPair, OwnedPair } from '../verbs/cluster-pair.ts';
import type { Confirmation, Runtime } from '../verbs/runtime.ts';
import { openPair } from './open-pair.ts';
import type { CommonFlags, SideFlags } from './options.ts';

/** What a command hands to its verb, and the colours for the result. */
export interface Session {
  readonly pair: ClusterPair;
  /** The mapping that names the pair. */
  readonly mapping: FoundMapping | undefined;
  readonly runtime: Runtime;
  readonly theme: Theme;
}

/**
 * Runs the body of a command with its session, and closes everything it opened. The signal aborts with an
 * InterruptedError on Ctrl-C, and with a PartialError when `--timeout` is over.
 */
export const withSession = async <T>(
  io: Io,
  flags: CommonFlags & SideFlags,
  interrupt: AbortSignal,
  body: (session: Session) => Promise<T>,
): Promise<T> => {
  const { reporter, human } = openReporter(io, flags);
  const limit = limitRun(interrupt, flags.timeout);
  let owned: OwnedPair | undefined;
  const runtime: Runtime = {
    reporter,
    signal: limit.signal,
    operator: io.operator,
    commandLine: io.commandLine,
    version: io.version,
    process: io.process,
    env: io.env,
    confirmation: flags.yes === true ? undefined : terminalConfirmation(io, limit.signal),
    now: () => Date.now(),
  };
  try {
    const theme = createTheme(wantsColor(io.stdout.isTTY === true, io.env, flags.color));
    const options = clusterOptions(io, flags, reporter, limit.signal);
    const { pair, mapping } = await openPair(io, flags, options, limit.signal);
    owned = pair;
    return await body({ pair, mapping, runtime, theme });
  } catch (error) {
    throw owned !== undefined && owned.written() > 0 ? afterWrites(error) : error;
  } finally {
    limit.stop();
    human.close();
    await owned?.close();
  }
};

const now = (): Date => new Date();

const openReporter = (
  { stderr, stdout, env }: Io,
  flags: CommonFlags,
): { readonly reporter: Reporter; readonly human: ReturnType<typeof humanReporter> } => {
  const theme = createTheme(wantsColor(stderr.isTTY === true, env, flags.color));
  const human = humanReporter({ stream: stderr, theme, level: flags.logLevel, now });
  const plain = flags.logFormat === 'json' ? jsonLinesReporter(stderr, flags.logLevel, now) : human;
  return { reporter: flags.output === 'ndjson' ? withEvents(plain, stdout, now) : plain, human };
};

// The longest pause of our own between two attempts.
const LONG_WAIT_MS = 8000;

const clusterOptions = (
  { version }: Io,
  flags: CommonFlags,
  reporter: Reporter,
  signal: AbortSignal,
): ClusterOptions => ({
  concurrency: flags.concurrency,
  requestTimeoutMs: flags.requestTimeout,
  userAgent: `dr-syncer/${version}`,
  signal,
  // A server may ask for a minute of patience: nobody should take that for a standstill.
  onRetry: (message, waitMs) =>
    waitMs >= LONG_WAIT_MS ? reporter.waiting(message) : reporter.debug(message),
});

const terminalConfirmation = (io: Io, signal: AbortSignal): Confirmation => ({
  prepare: () => needTerminal(io),
  ask: (question) => confirmName(io, { ...question, signal }),
});

// Only here it is known for every error of a command whether its run has written anything.
const afterWrites = (error: unknown): unknown =>
  isDrError(error) && NOTHING_CHANGED.has(error.exit)
    ? new PartialError(error.message, { hint: error.hint, cause: error })
    : error;

const NOTHING_CHANGED: ReadonlySet<ExitName> = new Set(['usage', 'refused', 'unsafe']);

// The longest that a timer of Node can wait; a longer limit is as good as none.
const MOST_MS = 2 ** 31 - 1;

const limitRun = (
  interrupt: AbortSignal,
  timeoutMs: number | undefined,
): { readonly signal: AbortSignal; stop(): void } => {
  const end = new AbortController();
  const onInterrupt = (): void => end.abort(interrupt.reason ?? new InterruptedError('Interrupted.'));
  if (interrupt.aborted) onInterrupt();
  interrupt.addEventListener('abort', onInterrupt);
  const timer =
    timeoutMs === undefined || timeoutMs > MOST_MS
      ? undefined
      : setTimeout(
          () => end.abort(new PartialError(`The run took longer than --timeout (${timeoutMs / 1000} s).`)),
          timeoutMs,
        ).unref();
  return {
    signal: end.signal,
    stop: () => {
      clearTimeout(timer);
      interrupt.removeEventListener('abort', onInterrupt);
    },
  };
};
