import type { NamedSide } from '../common/command-line.ts';
import { InterruptedError, isDrError, PartialError, UsageError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import type { Reporter } from '../common/reporter.ts';
import type { ClusterReader, ClusterWriter } from '../kube/api-types.ts';
import { type ClusterOptions, openReader, openWriter } from '../kube/cluster.ts';
import { type KubeContext, openContext } from '../kube/contexts.ts';
import { humanReporter } from '../ui/human.ts';
import type { Io } from '../ui/io.ts';
import { jsonLinesReporter, withEvents } from '../ui/json-lines.ts';
import { createTheme, type Theme, wantsColor } from '../ui/theme.ts';
import type { CommonFlags, SideFlags } from './options.ts';

// The longest pause of our own between two attempts.
const LONG_WAIT_MS = 8000;

/** What every command works with: narration, colours for the result, and a signal that ends the run. */
export interface Session {
  readonly reporter: Reporter;
  readonly theme: Theme;
  readonly signal: AbortSignal;
  /** Opens the source for reading only. */
  openSource(): OpenSide<ClusterReader>;
  openDest(): OpenSide<ClusterWriter>;
  /** Opens the source for writing: for cutover, failback and fence only. */
  openSourceWriter(): OpenSide<ClusterWriter>;
  /** A kubeconfig with just the context of an opened cluster, for external programs. */
  access(cluster: ClusterReader): { readonly kubeconfig: string; readonly context: string };
  /** Where the credentials of an opened cluster come from. */
  contextOf(cluster: ClusterReader): KubeContext;
  /** How the flags name the source, without asking it; undefined when they do not. */
  sourceName(): NamedSide | undefined;
}

export interface OpenSide<C> {
  readonly cluster: C;
  readonly context: KubeContext;
  readonly namespace: string;
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
  const now = (): Date => new Date();
  const errTheme = createTheme(wantsColor(io.stderr.isTTY === true, io.env, flags.color));
  const human = humanReporter({ stream: io.stderr, theme: errTheme, level: flags.logLevel, now });
  const plain = flags.logFormat === 'json' ? jsonLinesReporter(io.stderr, flags.logLevel, now) : human;
  const reporter = flags.output === 'ndjson' ? withEvents(plain, io.stdout, now) : plain;
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort(interrupt.reason ?? new InterruptedError('Interrupted.'));
  if (interrupt.aborted) onInterrupt();
  interrupt.addEventListener('abort', onInterrupt);
  const timer = limitRun(stop, flags.timeout);
  const opened: ClusterReader[] = [];
  const written = (): number => opened.reduce((sum, cluster) => sum + cluster.written(), 0);
  const contexts = new Map<ClusterReader, KubeContext>();
  const keep = <C extends ClusterReader>(cluster: C): C => {
    opened.push(cluster);
    return cluster;
  };
  const contextOf = (cluster: ClusterReader): KubeContext => {
    const context = contexts.get(cluster);
    if (context === undefined) throw new TypeError('this cluster was not opened by the session');
    return context;
  };
  const clusterOptions: ClusterOptions = {
    concurrency: flags.concurrency,
    requestTimeoutMs: flags.requestTimeout,
    userAgent: `dr-syncer/${io.version}`,
    signal: stop.signal,
    // A server may ask for a minute of patience: nobody should take that for a standstill.
    onRetry: (message, waitMs) =>
      waitMs >= LONG_WAIT_MS ? reporter.waiting(message) : reporter.debug(message),
  };
  const source = (): KubeContext =>
    openContext({ path: flags.sourceKubeconfig, env: io.env }, flags.sourceContext, '--source-context');
  const sourceNamespace = (context: KubeContext | undefined): string =>
    namespaceOf(flags.sourceNamespace ?? flags.namespace ?? context?.namespace);
  const openSourceWith = <C extends ClusterReader>(
    open: (context: KubeContext, options: ClusterOptions) => C,
  ): OpenSide<C> => {
    const context = source();
    const cluster = keep(open(context, clusterOptions));
    contexts.set(cluster, context);
    return { cluster, context, namespace: sourceNamespace(context) };
  };
  try {
    return await body({
      reporter,
      theme: createTheme(wantsColor(io.stdout.isTTY === true, io.env, flags.color)),
      signal: stop.signal,
      openSource: () => openSourceWith(openReader),
      openSourceWriter: () => openSourceWith(openWriter),
      contextOf,
      access: (cluster) => {
        const context = contextOf(cluster);
        return { kubeconfig: context.export(), context: context.name };
      },
      sourceName: () => {
        const namespace = flags.sourceNamespace ?? flags.namespace;
        return flags.sourceContext === undefined || namespace === undefined
          ? undefined
          : { context: flags.sourceContext, namespace, kubeconfig: flags.sourceKubeconfig };
      },
      openDest: () => {
        if (flags.destContext === undefined && flags.destKubeconfig === undefined) {
          throw new UsageError('The destination is not named.', {
            hint: 'Add --dest-context (and --dest-kubeconfig if it is in another file).',
          });
        }
        const env = {
          path:
            flags.destKubeconfig ?? (flags.destContext === undefined ? undefined : flags.sourceKubeconfig),
          env: io.env,
        };
        const context = openContext(env, flags.destContext, '--dest-context');
        const named = flags.destNamespace ?? flags.sourceNamespace ?? flags.namespace;
        const cluster = keep(openWriter(context, clusterOptions));
        contexts.set(cluster, context);
        return { cluster, context, namespace: namespaceOf(named ?? source().namespace) };
      },
    });
  } catch (error) {
    throw written() > 0 ? afterWrites(error) : error;
  } finally {
    clearTimeout(timer);
    interrupt.removeEventListener('abort', onInterrupt);
    human.close();
    await Promise.all(opened.map((cluster) => cluster.close()));
  }
};

// Only here it is known for every error of a command whether its run has written anything.
const afterWrites = (error: unknown): unknown =>
  isDrError(error) && NOTHING_CHANGED.has(error.exit)
    ? new PartialError(error.message, { hint: error.hint, cause: error })
    : error;

const NOTHING_CHANGED: ReadonlySet<ExitName> = new Set(['usage', 'refused', 'unsafe']);

// The longest that a timer of Node can wait; a longer limit is as good as none.
const MOST_MS = 2 ** 31 - 1;

const limitRun = (stop: AbortController, timeoutMs: number | undefined): NodeJS.Timeout | undefined => {
  if (timeoutMs === undefined || timeoutMs > MOST_MS) return undefined;
  return setTimeout(() => {
    stop.abort(new PartialError(`The run took longer than --timeout (${timeoutMs / 1000} s).`));
  }, timeoutMs).unref();
};

// RFC 1123 label: what a namespace may be called.
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const namespaceOf = (name: string | undefined): string => {
  if (name === undefined || name === '') {
    throw new UsageError('No namespace is given, and the context names none.', {
      hint: 'Add -n/--namespace.',
    });
  }
  if (!NAMESPACE.test(name)) {
    throw new UsageError(
      `"${name}" cannot be a namespace: use lower-case letters, digits and "-", at most 63.`,
    );
  }
  return name;
};
