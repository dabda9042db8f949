import type { Json, JsonObject } from '../kube/api-types.ts';
import { isObject } from '../kube/raw-json.ts';
import { ON_CONFLICT } from '../pipeline/immutable-strategy.ts';
import type { TypeSelection } from '../pipeline/select-types.ts';
import type { Hooks, MoveOptions, Smoke } from '../sides/side-types.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import {
  anyObject,
  type Check,
  count,
  fields,
  listOf,
  mapOf,
  oneOf,
  optional,
  seconds,
  text,
  word,
  yesOrNo,
} from '../state/schema-checks.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import type { MoverOptions } from '../volumes/mover-types.ts';
import type { VerifyOptions } from '../volumes/verify-pod.ts';

/**
 * What is wrong with the options of a journal, as a clause, or undefined: each of them must be one that a command line
 * could have given, in its range (S12). `stored` has no executables any more. Pure.
 */
export const problemOfOptions = (stored: JsonObject): string | undefined => OPTIONS(stored, 'options');

// A hundred days: longer than any operation, and far from what a timer cannot count.
const MOST_MS = 100 * 24 * 3_600_000;
const MOST_AT_ONCE = 1000;

const upTo =
  (most: number): Check =>
  (value, path) =>
    count(value, path) ?? (Number(value) <= most ? undefined : `${path} is more than ${most}`);
const ms = upTo(MOST_MS);
const atOnce: Check = (value, path) =>
  upTo(MOST_AT_ONCE)(value, path) ?? (Number(value) >= 1 ? undefined : `${path} is 0`);
// What is being done is no dry run, whatever its journal says.
const never: Check = (value, path) => (value === false ? undefined : `${path} is not false`);
const gone: Check = (value, path) => (value === undefined ? undefined : `${path} is there`);

// A map is kept as a list of pairs; see encodeOptions.
const pairs: Check = (value, path) => {
  if (!isObject(value)) return anyObject(value, path);
  return listOf((pair, at) =>
    Array.isArray(pair) && pair.length === 2
      ? (word(pair[0], `${at}[0]`) ?? text(pair[1] as Json, `${at}[1]`))
      : `${at} is not a pair`,
  )(value['$pairs'], path);
};

const HOOKS = fields<Hooks>({
  preStop: gone,
  postStop: gone,
  preStart: gone,
  postStart: gone,
  timeoutMs: ms,
  onFailure: oneOf(['fail', 'warn']),
});

const SMOKE = fields<Smoke>({ url: gone, command: gone, attempts: count, intervalMs: ms, timeoutMs: ms });

const MOVE = fields<MoveOptions>({
  dryRun: never,
  waitTimeoutMs: ms,
  holdMs: ms,
  concurrency: atOnce,
  jobs: oneOf(['wait', 'fail', 'suspend', 'leave']),
  ignoreBarePods: yesOrNo,
  // Not in journals of earlier versions.
  ignoreRevisions: optional(yesOrNo),
  servingRevisions: optional(yesOrNo),
  pauseGitops: yesOrNo,
  ignoreGitops: yesOrNo,
  forceDeletePods: yesOrNo,
  rollbackOnFailure: yesOrNo,
  hooks: HOOKS,
  smoke: SMOKE,
});

const STAGE = fields<StageOptions>({
  sourceNamespace: word,
  destNamespace: word,
  types: fields<TypeSelection>({ include: listOf(word), exclude: listOf(word), customResources: yesOrNo }),
  selector: optional(text),
  dryRun: never,
  // No move has a flag for these.
  keepGoing: never,
  prune: never,
  acceptLiveDestination: never,
  onConflict: optional(oneOf(ON_CONFLICT)),
  // Not in journals of earlier versions.
  oneShotKinds: optional(listOf(word)),
  // Taken from the command line alone; see stageOptionsFor.
  // Only a stage by itself brings what is outside the namespace, never one that is part of a move.
  clusterNeeds: gone,
  acceptClusterRoles: optional(listOf(word)),
  concurrency: atOnce,
  recreateTimeoutMs: ms,
  storageClassMap: pairs,
  accessModeMap: pairs,
  imageMap: pairs,
  hostMap: pairs,
  ingressClassMap: pairs,
  preserveNodePorts: yesOrNo,
  preserveLoadBalancerIp: yesOrNo,
  holdLoadBalancers: yesOrNo,
  rewriteDns: yesOrNo,
  servingRevisions: optional(yesOrNo),
});

const MOVER = fields<MoverOptions>({
  path: gone,
  extraFlags: gone,
  strategies: listOf(oneOf(['mount', 'clusterip', 'loadbalancer', 'nodeport', 'local'])),
  images: optional(fields<MoverOptions['images']>({ rsync: gone, sshd: gone })),
  pullSecrets: listOf(word),
  nonRoot: yesOrNo,
  tolerations: listOf(anyObject),
  nodeSelector: mapOf(text),
  resources: optional(anyObject),
  networkPolicies: yesOrNo,
  bandwidthKBps: optional(seconds),
  chown: yesOrNo,
  compress: yesOrNo,
  deadlineMs: ms,
  helmTimeoutMs: ms,
  loadBalancerTimeoutMs: ms,
  deleteExtraneous: yesOrNo,
  ignoreMounted: yesOrNo,
  ignoreSizes: yesOrNo,
  concurrency: atOnce,
});

const VERIFY = fields<VerifyOptions>({
  mode: oneOf(['size', 'checksum']),
  sampleFiles: count,
  image: gone,
  runAsUser: count,
  pullSecrets: listOf(word),
  tolerations: listOf(anyObject),
  nodeSelector: mapOf(text),
  deadlineMs: ms,
});

const OPTIONS = fields<
  Omit<StoredOptions, 'migrateData' | 'syncConfig'> & {
    readonly migrateData: DataOptions | undefined;
    readonly syncConfig?: boolean | undefined;
  }
>({
  move: MOVE,
  stage: optional(STAGE),
  migrateData: optional(fields<DataOptions>({ mover: MOVER, verify: optional(VERIFY) })),
  reason: text,
  syncConfig: optional(yesOrNo),
  destFence: optional(oneOf(['awake', 'given-up'])),
});

/**
 * The flags of a first run that make more happen than a plain one does, or another image run, as they would be typed:
 * who confirms that it goes on sees them, as anybody who may edit the namespace can have put them there. Pure.
 */
export const notableFlags = ({ move, stage }: Pick<StoredOptions, 'move' | 'stage'>): string[] => [
  ...(
    [
      'pauseGitops',
      'ignoreGitops',
      'ignoreBarePods',
      'ignoreRevisions',
      'servingRevisions',
      'forceDeletePods',
    ] as const
  ).flatMap((name) => (move[name] ? [flagOf(name)] : [])),
  ...(stage === undefined
    ? []
    : [
        ...(['storageClassMap', 'accessModeMap', 'imageMap', 'hostMap', 'ingressClassMap'] as const).flatMap(
          (name) => [...stage[name]].map(([from, to]) => `${flagOf(name)} ${from}=${to}`),
        ),
      ]),
];

const flagOf = (option: string): string =>
  `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What a resumed run needs to know of the first one. */
export interface StoredOptions {
  readonly move: MoveOptions;
  readonly stage: StageOptions | undefined;
  readonly migrateData: JsonObject | undefined;
  /** Why a destination was started without its source, or the other way round; empty for other operations. */
  readonly reason: string;
  /** A failback that brings home what was changed at the destination. */
  readonly syncConfig?: boolean | undefined;
  /** Why the destination is the side that a fence stops; undefined: it is the source. */
  readonly destFence?: 'awake' | 'given-up' | undefined;
}
