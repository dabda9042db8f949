import type { ControllerLog, LogFields } from '../controller/controller-log.ts';
import type { OutStream } from './io.ts';
import { LEVELS, type LogLevel } from './levels.ts';
import { safeJson, safeLines } from './safe-text.ts';

/** The log of the controller: one JSON object, or one line of text, for each message. */
export const controllerLog = (
  stream: OutStream,
  level: LogLevel,
  format: 'text' | 'json',
  now: () => Date,
): ControllerLog => {
  const say = (at: LogLevel, msg: string, fields: LogFields = {}): void => {
    if (LEVELS[at] < LEVELS[level]) return;
    const time = now().toISOString();
    if (format === 'json') {
      stream.write(`${safeJson({ time, level: at, msg, ...fields })}\n`);
      return;
    }
    const rest = Object.entries(fields)
      .filter(([key, value]) => value !== undefined && key !== 'stack')
      .map(([key, value]) => ` ${key}=${value}`);
    stream.write(`${safeLines(`${time} ${at.padEnd(5)} ${msg}${rest.join('')}`)}\n`);
  };
  return {
    debug: (message, fields) => say('debug', message, fields),
    info: (message, fields) => say('info', message, fields),
    warn: (message, fields) => say('warn', message, fields),
    error: (message, fields) => say('error', message, fields),
  };
};
