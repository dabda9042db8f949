import ora, { type Ora } from 'ora';
import type { Reporter } from '../common/reporter.ts';
import type { OutStream } from './io.ts';
import { LEVELS, type LogLevel } from './levels.ts';
import { safeLine } from './safe-text.ts';
import type { Theme } from './theme.ts';

export interface HumanOptions {
  readonly stream: OutStream;
  readonly theme: Theme;
  readonly level: LogLevel;
  readonly now: () => Date;
}

/**
 * Narration for people on stderr: one line per message with its symbol, a spinner with the progress on a TTY, and
 * plain lines that start with the time without one.
 */
export const humanReporter = ({ stream, theme, level, now }: HumanOptions): Reporter & { close(): void } => {
  const isTty = stream.isTTY === true;
  // A terminal may not know its width (0 columns); a spinner counts the lines to erase by it and would never end.
  const canSpin = isTty && stream.columns !== 0;
  let spinner: Ora | undefined;
  const say = (at: LogLevel, symbol: string, message: string, paint = (text: string) => text): void => {
    if (LEVELS[at] < LEVELS[level]) return;
    const time = isTty ? '' : `${now().toISOString()} `;
    const wasSpinning = spinner?.isSpinning === true;
    if (wasSpinning) spinner?.clear();
    stream.write(`${time}${symbol} ${paint(safeLine(message))}\n`);
    if (wasSpinning) spinner?.render();
  };
  const stop = (): void => {
    spinner?.stop();
    spinner = undefined;
  };
  return {
    action: (message) => {
      stop();
      say('info', theme.action('►'), message);
    },
    waiting: (message) => say('info', theme.waiting('◎'), message),
    success: (message) => {
      stop();
      say('info', theme.success('✔'), message);
    },
    warning: (message) => say('warn', theme.warning('!'), message),
    failure: (message) => {
      stop();
      say('error', theme.failure('✗'), message);
    },
    hint: (message) => {
      stop();
      say('info', theme.dim('→'), message);
    },
    debug: (message) => say('debug', theme.dim('·'), message, theme.dim),
    progress: (done, total, what) => {
      if (!canSpin || LEVELS.info < LEVELS[level]) return;
      spinner ??= ora({ stream: stream as never, discardStdin: false, hideCursor: false }).start();
      spinner.text = `${done}/${total} ${safeLine(what)}`;
      if (done >= total) stop();
    },
    event: () => undefined,
    close: stop,
  };
};
