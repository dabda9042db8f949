import { createInterface } from 'node:readline';
import { InterruptedError, UsageError } from '../common/errors.ts';
import type { Io } from './io.ts';
import { safeLine } from './safe-text.ts';

/**
 * Asks the operator to type a name before something that cannot be taken back by a key press. Throws UsageError without a terminal, and InterruptedError when something else is typed, or Ctrl-C or Ctrl-D;
 * what `signal` aborts with otherwise.
 */
export const confirmName = async (
  io: Io,
  question: {
    /** What is asked, line by line. */
    readonly lines: readonly string[];
    readonly name: string;
    readonly signal: AbortSignal;
  },
): Promise<void> => {
  const { lines, name, signal } = question;
  needTerminal(io);
  signal.throwIfAborted();
  const text = [...lines, `Type "${name}" to continue: `].map(safeLine).join('\n');
  const typed = await ask(io, text, signal);
  if (typed.trim() !== name) throw new InterruptedError('Not confirmed; nothing was changed.');
};

/** Throws UsageError when there is no terminal on which a question could be answered. */
export const needTerminal = (io: Io): void => {
  if (io.stdin.isTTY === true && io.stderr.isTTY === true) return;
  throw new UsageError('Confirmation is required, but there is no terminal.', {
    hint: 'In scripts, add --yes.',
  });
};

const ask = (io: Io, text: string, signal: AbortSignal): Promise<string> => {
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  const answer = new Promise<string>((resolve, reject) => {
    // A terminal in raw mode sends Ctrl-C as a character, so no signal comes; and an input that ends answers nothing.
    let isAsking = true;
    // What is said next must not stand behind the question.
    const leave = (reason: unknown): void => {
      if (isAsking) io.stderr.write('\n');
      isAsking = false;
      reject(reason);
    };
    const interrupted = (): void => leave(new InterruptedError('Interrupted; nothing was changed.'));
    lines.once('SIGINT', interrupted).once('close', interrupted);
    lines.question(text, (typed) => {
      isAsking = false;
      resolve(typed);
    });
    signal.addEventListener('abort', () => leave(signal.reason), { once: true });
  });
  return answer.finally(() => lines.close());
};
