import type { JsonObject } from '../kube/api-types.ts';
import { isObject, numberAt, stringAt } from '../kube/raw-json.ts';
import type { LogLevel, MoverEvent, ProgressEvent } from './mover-types.ts';

/**
 * Reads one line of the mover's output, of any version and either stream. Lines that are no JSON (usage texts, the
 * help of a detached run, a bar) become `noise`, or `progress` where they hold rsync numbers. Undefined for an empty
 * line. Never throws.
 */
export const parseRecord = (line: string): MoverEvent | undefined => {
  // rsync ends a progress line with a carriage return; what follows the last one is the newest.
  const text = (line.split('\r').findLast((part) => part.trim() !== '') ?? '').trimEnd();
  if (text === '') return undefined;
  const record = parseObject(text);
  if (record === undefined) return parseRsync(text) ?? { type: 'noise', text };
  return eventOf(record);
};

// The mover writes `source` twice in one object up to version 3.5; JSON.parse keeps the last.
const parseObject = (text: string): JsonObject | undefined => {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const eventOf = (record: JsonObject): MoverEvent => {
  const message = stringAt(record, 'msg') ?? '';
  const strategy = stringAt(record, 'strategy');
  const rsync = parseRsync(message, record);
  if (rsync !== undefined) return rsync;
  for (const row of MESSAGES) {
    if (message.includes(row.text)) {
      const event = row.event(record, message, strategy);
      if (event !== undefined) return event;
    }
  }
  const level = levelOf(record);
  const error = level === 'warn' || level === 'error' ? stringAt(record, 'error') : undefined;
  return { type: 'log', level, message: error === undefined ? message : `${message}: ${error}` };
};

interface MessageRow {
  /** Part of the message; the emoji before it are left out in version 1. */
  readonly text: string;
  readonly event: (
    record: JsonObject,
    message: string,
    strategy: string | undefined,
  ) => MoverEvent | undefined;
}

const MESSAGES: readonly MessageRow[] = [
  {
    text: 'Attempting migration',
    event: (record) => {
      const id = stringAt(record, 'migration_id') ?? stringAt(record, 'attempt_id') ?? stringAt(record, 'id');
      return id === undefined ? undefined : { type: 'identified', id };
    },
  },
  {
    text: 'Attempt using strategy',
    event: (_record, _message, strategy) =>
      strategy === undefined ? undefined : { type: 'strategy', strategy },
  },
  {
    text: 'This strategy cannot handle this migration',
    event: (record, _message, strategy) => ({
      type: 'declined',
      strategy,
      reason: stringAt(record, 'reason') ?? 'no reason given',
    }),
  },
  {
    text: 'Migration failed with this strategy',
    event: (record, message, strategy) => ({
      type: 'strategy-failed',
      strategy,
      error: stringAt(record, 'error') ?? message,
    }),
  },
  {
    text: 'Strategy did not complete the migration',
    event: (record, message, strategy) => ({
      type: 'strategy-failed',
      strategy,
      error: stringAt(record, 'error') ?? message,
      diagnostics: textOf(record, 'diagnostics'),
    }),
  },
  {
    text: 'Last log lines of the failed job pod',
    event: (record) => ({
      type: 'pod-log',
      pod: stringAt(record, 'pod'),
      text: textOf(record, 'tail') ?? '',
    }),
  },
  {
    text: 'Completed with a warning',
    event: (record, message) => ({
      type: 'vanished',
      message: [message, textOf(record, 'vanished_files')].filter(Boolean).join(': '),
    }),
  },
  { text: 'Cleaning up', event: (_record, message) => ({ type: 'cleaning-up', message }) },
  {
    text: 'Cleanup failed',
    event: (record, message) => ({
      type: 'cleanup-failed',
      message: [message, stringAt(record, 'error')].filter(Boolean).join(': '),
    }),
  },
  {
    text: 'Migration succeeded',
    event: (_record, _message, strategy) => ({ type: 'succeeded', strategy }),
  },
  {
    text: 'Strategy declined the migration',
    event: (record, _message, strategy) => ({
      type: 'declined',
      strategy,
      reason: stringAt(record, 'reason') ?? 'no reason given',
    }),
  },
  { text: 'Failed to run', event: (record, message) => failed(record, message) },
];

const failed = (record: JsonObject, message: string): MoverEvent => ({
  type: 'failed',
  error: stringAt(record, 'error') ?? message,
});

const textOf = (record: JsonObject, field: string): string | undefined => {
  const value = record[field];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const LEVELS: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  trace: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'error',
};

// Between its levels the logger writes a distance from the one below: `DEBUG+3` is no info yet.
const levelOf = (record: JsonObject): LogLevel => {
  const [name = ''] = (stringAt(record, 'level') ?? '').toLowerCase().split(/[+-]/, 1);
  return LEVELS[name] ?? 'info';
};

const RSYNC_LINE =
  /^\s*([\d,]+)\s+(\d+)%\s+([\d.]+)([kMGT]?B)\/s\s+(\d+:\d\d:\d\d)(?: \(xfr#(\d+), (?:ir|to)-chk=(\d+)\/(\d+)\))?/;
const RSYNC_TOTAL = /^\s*total size is ([\d,]+)/;
// rsync divides by 1024 for each step of the unit.
const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

// The rate stands only in the text; the numbers of the record, where there are some, win over the text.
const parseRsync = (text: string, record?: JsonObject): ProgressEvent | undefined => {
  const numbers = record === undefined ? {} : progressNumbers(record);
  const total = RSYNC_TOTAL.exec(text);
  if (total !== null) {
    const size = Number((total[1] ?? '').replaceAll(',', ''));
    return { type: 'progress', bytes: size, total: size, percent: 100, indeterminate: false, summary: true };
  }
  const match = RSYNC_LINE.exec(text);
  if (match === null) {
    return numbers.percent === undefined
      ? undefined
      : {
          type: 'progress',
          ...numbers,
          percent: numbers.percent,
          indeterminate: numbers.percent === 0,
          summary: false,
        };
  }
  const percent = numbers.percent ?? Number(match[2]);
  const filesLeft = match[7] === undefined ? undefined : Number(match[7]);
  return {
    type: 'progress',
    // The record says 0 bytes at 0 percent whatever was sent, so the text is the better source there.
    bytes:
      percent === 0 ? Number((match[1] ?? '').replaceAll(',', '')) : (numbers.bytes ?? bytesOf(match[1])),
    total: percent === 0 ? undefined : numbers.total,
    percent,
    rate: Math.round(Number(match[3]) * (UNITS[match[4] ?? 'B'] ?? 1)),
    filesLeft,
    files: match[8] === undefined ? undefined : Number(match[8]),
    // Unchanged files are not counted in bytes: a re-sync stays at 0 percent until it ends.
    indeterminate: percent === 0,
    summary: false,
  };
};

const bytesOf = (digits: string | undefined): number => Number((digits ?? '').replaceAll(',', ''));

const progressNumbers = (record: JsonObject): { bytes?: number; total?: number; percent?: number } => {
  const bytes = numberAt(record, 'progress', 'transferred');
  const total = numberAt(record, 'progress', 'total');
  const percent = numberAt(record, 'progress', 'percentage');
  return {
    ...(bytes === undefined ? {} : { bytes }),
    ...(total === undefined ? {} : { total }),
    ...(percent === undefined ? {} : { percent }),
  };
};
