import { RefusedError } from '../common/errors.ts';
import type { Json, JsonObject } from '../kube/api-types.ts';
import { isObject, objectAt, stringAt } from '../kube/raw-json.ts';
import { MASK } from '../kube/redact-message.ts';
import type { Hooks, MoveOptions, Smoke } from '../sides/side-types.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import { hideExecutables, refuseOther, withoutExecutables } from '../state/recorded-executables.ts';
import { DEFAULT_VERIFY_OPTIONS } from '../volumes/verify-pod.ts';
import type { StoredOptions } from './stored-options.ts';
import { problemOfOptions } from './stored-options.ts';

/** Options of this run that take the place of stored ones. */
export interface GivenMoveOptions extends Partial<Omit<MoveOptions, 'hooks' | 'smoke'>> {
  readonly hooks?: Partial<Hooks>;
  readonly smoke?: Partial<Smoke>;
}

/** The options as JSON for the journal: maps become lists of pairs, and of what is executed only a mark is left. */
export const encodeOptions = (options: StoredOptions): JsonObject =>
  hideExecutables(toJson(options) as JsonObject, [DEFAULT_VERIFY_OPTIONS.image]);

/**
 * The options of a journal, without anything that is executed; undefined when they are none that a command line could
 * have given. Pure.
 */
export const storedOptions = (stored: JsonObject): StoredOptions | undefined => {
  const bare = withoutExecutables(stored);
  if (problemOfOptions(bare) !== undefined) return undefined;
  const { move, migrateData, ...rest } = fromJson(bare) as unknown as StoredOptions;
  return {
    ...rest,
    ...saidInReason(rest),
    move: { ...move, hooks: { ...NO_HOOKS, ...move.hooks } },
    migrateData: movable(migrateData),
  };
};

/**
 * The options of a journal. Values of this run (`given`) win over stored ones; `instead` is taken where those cannot be
 * used. Throws UsageError when a command or an address of the first run is not given again, or differs; see refuseOther.
 */
export const decodeOptions = (
  stored: JsonObject,
  given: GivenMoveOptions,
  how: { readonly leavesOut: boolean; readonly instead: MoveOptions },
): StoredOptions => {
  refuseOther(stored, toJson({ move: given }) as JsonObject, 'move', how.leavesOut);
  const options = storedOptions(stored);
  if (options === undefined)
    return {
      move: how.instead,
      stage: undefined,
      migrateData: undefined,
      reason: stringAt(stored, 'reason') ?? '',
    };
  const { move } = options;
  return {
    ...options,
    move: {
      ...move,
      ...given,
      hooks: { ...move.hooks, ...given.hooks },
      smoke: { ...move.smoke, ...given.smoke },
    },
  };
};

// Journals of the versions before these fields were there said it in the reason.
const saidInReason = ({ reason }: Pick<StoredOptions, 'reason'>): Partial<StoredOptions> => ({
  ...(reason === 'sync-config' ? { syncConfig: true } : {}),
  ...(reason === 'awake' || reason === 'given-up' ? { destFence: reason } : {}),
});

const NO_HOOKS = { preStop: undefined, postStop: undefined, preStart: undefined, postStart: undefined };

// What was left out has its default again.
const movable = (data: JsonObject | undefined): JsonObject | undefined => {
  if (data === undefined) return undefined;
  const mover = objectAt(data, 'mover') ?? {};
  const verify = objectAt(data, 'verify');
  return {
    ...data,
    mover: { ...mover, extraFlags: [], images: objectAt(mover, 'images') ?? {} },
    ...(verify === undefined ? {} : { verify: { ...verify, image: DEFAULT_VERIFY_OPTIONS.image } }),
  };
};

/**
 * The stage options of a journal for this pair of namespaces. A journal is a ConfigMap, which everybody can write who may
 * edit the namespace: it must not lead us, with our rights, to another namespace, and what grants more than it does at home is
 * acknowledged by the operator alone. Throws RefusedError when it names another namespace.
 */
export const stageOptionsFor = (
  stored: StageOptions | undefined,
  operationId: string,
  pair: { readonly source: string; readonly dest: string },
  acceptClusterRoles: readonly string[] = [],
): StageOptions | undefined => {
  if (stored === undefined) return undefined;
  const { sourceNamespace, destNamespace } = stored;
  if (sourceNamespace === pair.source && destNamespace === pair.dest)
    return { ...stored, oneShotKinds: stored.oneShotKinds ?? [], acceptClusterRoles };
  throw new RefusedError(
    `The journal of operation ${operationId} is for namespace ${sourceNamespace} at the source and namespace ${destNamespace} at the destination; this command is for ${pair.source} and ${pair.dest}.`,
    { hint: 'Name the namespaces of the first run; if these are the same, someone has changed the journal.' },
  );
};

/**
 * Hides what looks like a credential in a text: user and password of URLs, and the values of words such as
 * `--password=...`, `--password ...` or `token: ...`.
 */
export const redactText = (text: string): string =>
  text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]+@/gi, `$1${MASK}@`)
    .replace(
      /\b((?:[\w-]*(?:password|passwd|secret|token|api[-_]?key)[\w-]*)\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;"']+)/gi,
      `$1${MASK}`,
    )
    .replace(
      /(--[\w-]*(?:password|passwd|secret|token|api-?key)[\w-]*\s+)("[^"]*"|'[^']*'|[^\s&;"']+)/gi,
      `$1${MASK}`,
    )
    .replace(/\b(authorization:\s*(?:bearer|basic)\s+)\S+/gi, `$1${MASK}`);

const toJson = (value: unknown): Json | undefined => {
  if (value instanceof Map) return { $pairs: [...value].map(([key, item]) => [key, item]) };
  if (Array.isArray(value)) return value.map((item) => toJson(item) ?? null);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, toJson(item)]])),
    );
  }
  return value as Json | undefined;
};

const fromJson = (value: Json | undefined): unknown => {
  if (Array.isArray(value)) return value.map(fromJson);
  if (!isObject(value)) return value;
  if (Array.isArray(value.$pairs)) return new Map(value.$pairs as [string, string][]);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
};
