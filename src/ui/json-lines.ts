import type { Reporter } from '../common/reporter.ts';
import type { OutStream } from './io.ts';
import { LEVELS, type LogLevel } from './levels.ts';
import { safeJson } from './safe-text.ts';

/** Narration as JSON lines on stderr: `{"time","level","kind","msg"}`, for log collectors. */
export const jsonLinesReporter = (stream: OutStream, level: LogLevel, now: () => Date): Reporter => {
  const say = (at: LogLevel, kind: string, msg: string): void => {
    if (LEVELS[at] < LEVELS[level]) return;
    stream.write(`${safeJson({ time: now().toISOString(), level: at, kind, msg })}\n`);
  };
  return {
    action: (message) => say('info', 'action', message),
    waiting: (message) => say('info', 'waiting', message),
    success: (message) => say('info', 'success', message),
    warning: (message) => say('warn', 'warning', message),
    failure: (message) => say('error', 'failure', message),
    hint: (message) => say('info', 'hint', message),
    debug: (message) => say('debug', 'debug', message),
    progress: () => undefined,
    event: () => undefined,
  };
};

/** Adds events to a reporter: every event becomes one JSON line on stdout (`--output ndjson`). */
export const withEvents = (reporter: Reporter, stdout: OutStream, now: () => Date): Reporter => ({
  ...reporter,
  event: (event, fields) => {
    const rounds = Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'number' ? rounded(value) : value,
    ]);
    const line = { time: now().toISOString(), event, ...Object.fromEntries(rounds) };
    stdout.write(`${safeJson(line)}\n`);
  },
});

// Seconds to the millisecond: what is behind that is noise of the clock.
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
