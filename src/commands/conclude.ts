import type { Io } from '../ui/io.ts';
import type { Runtime } from '../verbs/runtime.ts';
import type { CommonFlags } from './options.ts';

/** How a run ended, as every result says it. */
interface Conclusion {
  readonly exitCode: number;
  readonly summary: string;
  readonly hint?: string | undefined;
}

/**
 * Whether the narration and the result come out on one terminal as text: then what one of them says is not said again
 * by the other. Pure.
 */
export const isOneTerminal = (
  { stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>,
  flags: CommonFlags,
): boolean => flags.output === 'text' && stdout.isTTY === true && stderr.isTTY === true;

/** Tells on stderr how a run ended and what to do next, unless its result says so on the same terminal. */
export const conclude = (
  io: Pick<Io, 'stdout' | 'stderr'>,
  flags: CommonFlags,
  { reporter }: Pick<Runtime, 'reporter'>,
  { exitCode, summary, hint }: Conclusion,
): void => {
  if (isOneTerminal(io, flags)) return;
  const say = exitCode === 0 ? reporter.success : reporter.failure;
  say(summary);
  if (hint !== undefined) reporter.hint(hint);
};
