/**
 * Text from outside as a terminal or a log may show it, on one line: every control character (escape sequences,
 * carriage returns, line feeds), every invisible formatting character (bidirectional controls, zero-width ones, tags)
 * and every lone surrogate stands as an escape (`\u001b`, `\n`). What a cluster holds can so neither paint over a line,
 * nor reach the clipboard, nor make a word read like another one (S5). Pure.
 */
export const safeLine = (text: string): string => text.replaceAll(UNSAFE, escapeOf);

/** The same for a text of several lines of our own: their ends stay. Pure. */
export const safeLines = (text: string): string => text.replaceAll(UNSAFE_IN_LINES, escapeOf);

/** The same for every string and key of a value; below the keys of `ofLines`, texts of several lines are ours. Pure. */
export const safeStrings = <T>(value: T, ofLines: ReadonlySet<string> = NONE): T =>
  deep(value, safeLine, ofLines) as T;

/** JSON whose strings are escaped as far as those of safeLine, with the same values when it is parsed. Pure. */
export const safeJson = (value: unknown, indent?: number): string =>
  escapeQuoted(JSON.stringify(value, undefined, indent));

/** Whether a text would be shown with escapes. Pure. */
export const isUnsafe = (text: string): boolean => text.search(UNSAFE) >= 0;

/** Escapes in a text whose unsafe characters all stand in double quotes, as JSON and YAML read them. Pure. */
export const escapeQuoted = (text: string): string => text.replaceAll(UNSAFE_IN_LINES, codeUnits);

// Cc: C0, DEL, C1. Cf: bidi controls, zero-width and other invisible ones; joiners belong to many a script and stay.
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const UNSAFE_IN_LINES = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const NONE: ReadonlySet<string> = new Set();

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escapeOf = (sign: string): string => SHORT[sign] ?? codeUnits(sign);

const codeUnits = (sign: string): string =>
  sign
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

const deep = (value: unknown, safe: (text: string) => string, ofLines: ReadonlySet<string>): unknown => {
  if (typeof value === 'string') return safe(value);
  if (Array.isArray(value)) return value.map((item) => deep(item, safe, ofLines));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      safeLine(key),
      deep(item, ofLines.has(key) ? safeLines : safe, ofLines),
    ]),
  );
};
