import { InvalidArgumentError } from 'commander';
import { nearest } from '../common/nearest.ts';
import { isBuiltinGroup } from '../pipeline/api-groups.ts';

/** A flag parser for one word out of a list; the error names the words. */
export const oneOf =
  <T extends string>(words: readonly T[]) =>
  (value: string): T => {
    const found = words.find((word) => word === value.toLowerCase());
    if (found !== undefined) return found;
    const near = nearest(value, words);
    throw new InvalidArgumentError(
      `Use one of ${words.join(', ')}${near === undefined ? '.' : `; did you mean "${near}"?`}`,
    );
  };

/** A flag parser for `from=to` pairs, comma-separated or given several times; later pairs win. */
export const pairs = (
  value: string,
  previous: ReadonlyMap<string, string> | undefined,
): Map<string, string> => readPairs(value, previous, 1);

/** The same for names that may be empty: `=standard` maps a claim with storageClassName "". */
export const pairsOrEmpty = (
  value: string,
  previous: ReadonlyMap<string, string> | undefined,
): Map<string, string> => readPairs(value, previous, 0);

const readPairs = (
  value: string,
  previous: ReadonlyMap<string, string> | undefined,
  shortest: number,
): Map<string, string> => {
  const map = new Map(previous ?? []);
  for (const part of value.split(',')) {
    const at = part.indexOf('=');
    if (at < shortest || at === part.length - 1)
      throw new InvalidArgumentError(`"${part}" is not of the form from=to.`);
    map.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return map;
};

/** A flag parser for names, comma-separated or given several times. */
export const names = (value: string, previous: readonly string[] | undefined): string[] => [
  ...(previous ?? []),
  ...value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
];

/** A flag parser for kinds of custom resources, each with its group: `PipelineRun.tekton.dev`. */
export const customKinds = (value: string, previous: readonly string[] | undefined): string[] => {
  const found = names(value, previous);
  for (const name of found) {
    const [kind = '', ...group] = name.split('.');
    if (!/^[A-Z][A-Za-z0-9]*$/.test(kind) || group.length === 0 || group.includes(''))
      throw new InvalidArgumentError(
        `"${name}" is not a kind with its group, such as PipelineRun.tekton.dev.`,
      );
    if (isBuiltinGroup(group.join('.')))
      throw new InvalidArgumentError(`"${name}" is a built-in kind; name a custom resource.`);
  }
  return found;
};

/** The same for names out of a list; the error says which of them is near. `what` is what they name. */
export const namesOf =
  (what: string, words: readonly string[]) =>
  (value: string, previous: readonly string[] | undefined): string[] => {
    const found = names(value, previous);
    const unknown = found.find((name) => !words.includes(name));
    if (unknown === undefined) return found;
    const near = nearest(unknown, words);
    throw new InvalidArgumentError(
      `There is no ${what} "${unknown}"${near === undefined ? `. Use one of ${words.join(', ')}.` : `; did you mean "${near}"?`}`,
    );
  };

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A flag parser for an address that is asked over HTTP; what it names may hold a password, so it is not repeated. */
export const httpUrl = (value: string): string => {
  const scheme = URL.canParse(value) ? new URL(value).protocol : '';
  if (scheme === 'http:' || scheme === 'https:') return value;
  throw new InvalidArgumentError('Use a full URL that starts with http:// or https://.');
};

/** A flag parser for durations as kubectl and helm take them: `30s`, `1m30s`, `2h`; returns whole milliseconds, at least 1 of what is more than 0. */
export const duration = (value: string): number => {
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== value) {
    throw new InvalidArgumentError('Use a duration such as 30s, 5m or 1h30m.');
  }
  return Math.ceil(parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] ?? ''] ?? 0), 0));
};

/** A flag parser for a whole number between two bounds. */
export const wholeNumber =
  (least: number, most: number) =>
  (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) {
      throw new InvalidArgumentError(`Use a whole number from ${least} to ${most}.`);
    }
    return number;
  };
