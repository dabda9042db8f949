import { createHash } from 'node:crypto';
import { UsageError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { Json, JsonObject } from '../kube/api-types.ts';
import { clone, equalJson, isObject, setAt, stableStringify, stringAt, valueAt } from '../kube/raw-json.ts';

/** The flag with which an unfinished operation goes on without what it is not given again. */
export const WITHOUT_HOOKS = '--without-hooks';

/** An option of which the value is executed here, asked over the network from here, or started as a pod. */
interface Executable {
  readonly path: readonly string[];
  readonly flag: string;
}

const MOVE: readonly Executable[] = [
  { path: ['move', 'hooks', 'preStop'], flag: '--pre-stop' },
  { path: ['move', 'hooks', 'postStop'], flag: '--post-stop' },
  { path: ['move', 'hooks', 'preStart'], flag: '--pre-start' },
  { path: ['move', 'hooks', 'postStart'], flag: '--post-start' },
  { path: ['move', 'smoke', 'url'], flag: '--smoke-url' },
  { path: ['move', 'smoke', 'command'], flag: '--smoke-command' },
];

const DATA: readonly Executable[] = [
  { path: ['migrateData', 'mover', 'path'], flag: '--pv-migrate-path' },
  { path: ['migrateData', 'mover', 'extraFlags'], flag: '--pv-migrate-flags' },
  { path: ['migrateData', 'mover', 'images', 'rsync'], flag: '--pv-migrate-rsync-image' },
  { path: ['migrateData', 'mover', 'images', 'sshd'], flag: '--pv-migrate-sshd-image' },
  { path: ['migrateData', 'verify', 'image'], flag: '--verify-image' },
];

/** The flags of all of them. */
export const EXECUTABLE_FLAGS: readonly string[] = [...MOVE, ...DATA].map(({ flag }) => flag);

/**
 * Options for a journal: of what is executed only a mark is left, which tells whether the same is given again. A journal
 * is a ConfigMap; everybody can write it who may edit the namespace, and with `view` everybody can read it. `defaults`
 * are values that nobody has given. Pure.
 */
export const hideExecutables = (options: JsonObject, defaults: readonly Json[]): JsonObject => {
  const hidden = clone(options);
  for (const { path } of [...MOVE, ...DATA]) {
    const value = valueAt(hidden, ...path);
    if (isNothing(value)) continue;
    setAt(hidden, path, defaults.some((item) => equalJson(item, value)) ? null : { [MARK]: markOf(value) });
  }
  return hidden;
};

/** Options of a journal without anything that is executed, whatever stands there. Pure. */
export const withoutExecutables = (stored: JsonObject): JsonObject => {
  const bare = clone(stored);
  for (const { path } of [...MOVE, ...DATA]) {
    if (valueAt(bare, ...path) === undefined) continue;
    const parent = valueAt(bare, ...path.slice(0, -1));
    if (isObject(parent)) delete parent[path.at(-1) ?? ''];
  }
  return bare;
};

/** The words that a command needs to go on with these options without being given anything again. Pure. */
export const resumeWords = (stored: JsonObject): string[] =>
  executablesIn(stored).length > 0 ? [WITHOUT_HOOKS] : [];

/** The same for an operation as the record tells of it. Pure. */
export const wordsOfRecord = ({ asks }: { readonly asks?: true }): string[] =>
  asks === true ? [WITHOUT_HOOKS] : [];

/** What of these options is executed or asked, each with its flag. Pure. */
export const executablesIn = (options: JsonObject): { readonly flag: string; readonly value: Json }[] =>
  [...MOVE, ...DATA].flatMap(({ path, flag }) => {
    const value = valueAt(options, ...path);
    return value === undefined || isNothing(value) ? [] : [{ flag, value }];
  });

/**
 * Compares what is executed with what the first run was given; `part` says which of it is still needed, `given` has the
 * values of this run under the same paths. Throws UsageError naming the flags when something is missing or another
 * value, unless `leavesOut`: then this run does what it is given, and nothing else. Pure.
 */
export const refuseOther = (
  stored: JsonObject,
  given: JsonObject,
  part: 'move' | 'migrateData',
  leavesOut: boolean,
): void => {
  if (leavesOut) return;
  const wanted = (part === 'move' ? MOVE : DATA).filter(({ path }) => !isNothing(valueAt(stored, ...path)));
  const missing = wanted.filter(({ path }) => isNothing(valueAt(given, ...path)));
  const different = wanted.filter(({ path }) => {
    const [first, now] = [valueAt(stored, ...path), valueAt(given, ...path)];
    return !isNothing(now) && markIn(first) !== markOf(now);
  });
  const flags = (items: readonly Executable[]): string =>
    nameList(
      items.map(({ flag }) => flag),
      20,
    );
  const leave = `to continue without what is not given again, add ${WITHOUT_HOOKS}`;
  if (different.length > 0)
    throw new UsageError(`The first run had different values for ${flags(different)}.`, {
      hint: `Repeat the original values; ${leave}, and the values given here are used.`,
    });
  if (missing.length > 0)
    throw new UsageError(
      `The first run used ${flags(missing)}. dr-syncer executes nothing from a journal, so the flags must be given again.`,
      { hint: `Add ${missing.length === 1 ? 'that flag' : 'these flags'}; ${leave}.` },
    );
};

const MARK = 'given';

// So short that it confirms no guess at a password in it, and long enough to notice another command.
const markOf = (value: Json | undefined): string =>
  createHash('sha256').update(stableStringify(value)).digest('hex').slice(0, 4);

// Where an older version, or somebody else, has left a value itself, it is compared and never used.
const markIn = (stored: Json | undefined): string => stringAt(stored, MARK) ?? markOf(stored);

const isNothing = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
