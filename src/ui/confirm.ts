import { createInterface } from 'node:readline/promises';
import { InterruptedError, UsageError } from '../errors.ts';
import type { Io } from '../io.ts';

/**
 * Asks the operator to type a name before something that cannot be taken back by a key press. With `yes` nothing is
 * asked. Throws UsageError without a terminal, and InterruptedError when something else is typed.
 */
export const confirmName = async (
  io: Io,
  question: { readonly yes: boolean; readonly text: string; readonly name: string },
): Promise<void> => {
  if (question.yes) return;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new UsageError('This needs a confirmation, and there is no terminal to ask on.', {
      hint: 'Add --yes when a script runs it.',
    });
  }
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const typed = await lines.question(`${question.text}\nType "${question.name}" to go on: `);
    if (typed.trim() !== question.name) throw new InterruptedError('Not confirmed; nothing was changed.');
  } finally {
    lines.close();
  }
};
