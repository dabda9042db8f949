/** RFC 3339 text, with milliseconds, of ms since the epoch. The ms come from a server's clock: ClusterReader.now(). */
export const timestamp = (ms: number): string => new Date(ms).toISOString();

/** The same with microseconds, as the Lease API wants its MicroTime fields. */
export const microTimestamp = (ms: number): string => timestamp(ms).replace('Z', '000Z');

/** ms since the epoch of an RFC 3339 text, or undefined when it is none. */
export const parseTimestamp = (text: string | undefined): number | undefined => {
  if (text === undefined || !RFC3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
};

/**
 * Whether a time lies so far ahead of the server's clock that nobody can have written it yet; the clocks of one cluster's
 * API servers may differ by seconds. Both in ms. Pure.
 */
export const isAhead = (ms: number, nowMs: number): boolean => ms > nowMs + 300_000;

/** A length of time as an operator reads it: `7 s`, `3 m 20 s`, `5 h 2 m`, `3 d 4 h`. Takes ms; below 0 counts as 0. */
export const ageText = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const at = UNITS.findIndex(({ size }) => seconds >= size);
  const unit = UNITS[at];
  if (unit === undefined) return `${seconds} s`;
  const next = UNITS[at + 1] ?? { size: 1, name: 's' };
  const rest = Math.floor((seconds % unit.size) / next.size);
  const first = `${Math.floor(seconds / unit.size)} ${unit.name}`;
  return rest === 0 ? first : `${first} ${rest} ${next.name}`;
};

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

const UNITS = [
  { size: 86_400, name: 'd' },
  { size: 3600, name: 'h' },
  { size: 60, name: 'm' },
] as const;
