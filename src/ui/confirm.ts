import { createInterface } from 'node:readline';
import { InterruptedError, UsageError } from '../errors.ts';
import type { Io } from '../io.ts';

/**
 * Asks the operator to type a name before something that cannot be taken back by a key press. With `yes` nothing is
 * asked. Throws UsageError without a terminal, and InterruptedError when something else is typed, or Ctrl-C or Ctrl-D;
 * what `signal` aborts with otherwise.
 */
export const confirmName = async (
  io: Io,
  question: {
    readonly yes: boolean;
    readonly text: string;
    readonly name: string;
    readonly signal: AbortSignal;
  },
): Promise<void> => {
  const { yes, text, name, signal } = question;
  if (yes) return;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new UsageError('This needs a confirmation, and there is no terminal to ask on.', {
      hint: 'Add --yes when a script runs it.',
    });
  }
  signal.throwIfAborted();
  const typed = await ask(io, `${text}\nType "${name}" to go on: `, signal);
  if (typed.trim() !== name) throw new InterruptedError('Not confirmed; nothing was changed.');
};

const ask = (io: Io, text: string, signal: AbortSignal): Promise<string> => {
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  const answer = new Promise<string>((resolve, reject) => {
    // A terminal in raw mode sends Ctrl-C as a character, so no signal comes; and an input that ends answers nothing.
    const leave = (): void => reject(new InterruptedError('Interrupted; nothing was changed.'));
    lines.once('SIGINT', leave).once('close', leave).question(text, resolve);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return answer.finally(() => lines.close());
};
