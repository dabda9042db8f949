import type { KubeObject } from '../kube/api-types.ts';
import type { KubeContext } from '../kube/contexts.ts';
import type { SyncedTypes } from '../moves/sync-config.ts';
import type { Finding } from '../needs/findings.ts';
import type { PreflightKind } from '../needs/preflight-result.ts';
import type { Starter } from '../needs/starter.ts';
import type { Survey } from '../sides/baseline.ts';
import type { BaselineEntry, MoveOptions, MoveSide, StartTarget } from '../sides/side-types.ts';
import type { Tried } from '../sides/try-patches.ts';
import type { Homeless } from '../sides/way-home.ts';
import type { TriedNeed } from '../stage/cluster-needs/bring-types.ts';
import type { Collected } from '../stage/collect-objects.ts';
import type { Connected } from '../stage/connect-sides.ts';
import type { DryRun } from '../stage/dry-run-plan.ts';
import type { Prepared } from '../stage/prepare-plan.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import type { Phase } from '../state/record-types.ts';

/** What the record of the destination says that matters before a move; a StateRecord can be turned into one. */
interface PreflightRecord {
  /** RFC 3339. */
  readonly lastStageAt?: string | undefined;
  readonly phase: Phase;
  readonly epoch: number;
}

export interface PreflightInput {
  readonly kind: PreflightKind;
  /** Undefined for a failover: the source is not asked. */
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  /** Where the credentials of each side come from; a side without its context is not checked for their expiry. */
  readonly contexts: { readonly source?: KubeContext | undefined; readonly dest?: KubeContext | undefined };
  readonly options: MoveOptions;
  /** How a cutover stages; undefined for moves that do not. */
  readonly stageOptions: StageOptions | undefined;
  /** The strategies by which volume data is to be copied; undefined when none is. */
  readonly data?: { readonly strategies: readonly string[] } | undefined;
  /** Undefined when the destination has no record. */
  readonly record: PreflightRecord | undefined;
  /** The record may not be read, so that nothing can be said about it. */
  readonly recordForbidden?: boolean;
  /** How long the move is expected to take: credentials must outlive it. */
  readonly expectedSeconds: number;
  /** Refuse when the last stage is older than this; undefined: its age is only told. */
  readonly maxStageAgeMs?: number | undefined;
  /** Ids of checks whose refusals only warn, or `all`. What is unsafe stays so: it has acknowledgements of its own. */
  readonly ignored: readonly string[];
  readonly signal: AbortSignal;
  /** Told when the side that is left has just taken, in a dry run, the stop patches of all these workloads. */
  stopsTaken?(entries: readonly BaselineEntry[]): void;
  /** Whether the volume data can be copied: a clause, or an error that says why not. Undefined when none is. */
  checkData?(): Promise<string>;
  /** What `--sync-config` would write to the source, tried in dry runs. Undefined when nothing is brought home. */
  trySyncConfig?(): Promise<readonly Tried[]>;
  /** The types that `--sync-config` reads on both sides and writes at the source. Undefined as the one above. */
  syncedTypes?(): Promise<SyncedTypes>;
  /** The local clock in ms. */
  now(): number;
}

/** One side as it was found. Types that may not be listed are named, and their objects are missing. */
export interface SideView {
  readonly side: MoveSide;
  /** Undefined when it does not exist or may not be read. */
  readonly namespace: KubeObject | undefined;
  readonly namespaceState: 'present' | 'absent' | 'unknown';
  readonly clusterUid: string | undefined;
  readonly objects: readonly KubeObject[];
  /** Names of types, as typeName() makes them. */
  readonly unlisted: ReadonlySet<string>;
  /** Our own records that are there: ConfigMaps, the manifests among them, and the Lease. */
  readonly records: readonly KubeObject[];
}

/** Everything that was read before the checks look at it. */
export interface GatheredSides {
  /** The side that is stopped; undefined for a failover. */
  readonly from: SideView | undefined;
  /** The side that is started. */
  readonly to: SideView;
  /** What runs on the side that is stopped; undefined when that side is not asked. */
  readonly survey: Survey | undefined;
  readonly targets: readonly StartTarget[];
  /** What the cutover would stage; undefined for other moves and when it could not be worked out. */
  readonly copy: Copy | undefined;
  /** What a failback would stop and could not start at home; undefined for other moves and when it is not known. */
  readonly homeless: Homeless | undefined;
  /** Workloads that a failback would start and that were deleted at the destination. */
  readonly deleted?: readonly BaselineEntry[];
  /** ControllerRevisions of the side that is stopped, where pods of an older revision serve; see readRevisions. */
  readonly revisions: readonly KubeObject[];
  /** Custom resources that are kept as manifests and created when the destination starts. */
  readonly stashed: readonly KubeObject[];
  /** What `--sync-config` reads and writes; undefined when nothing is brought home, or when it is not known what. */
  readonly synced?: SyncedTypes | undefined;
  /** Nodes of the cluster that starts; undefined when they may not be listed. */
  readonly nodes: readonly KubeObject[] | undefined;
  /** What was in the way of reading all this. */
  readonly problems: readonly Finding[];
}

export interface CheckContext extends GatheredSides {
  readonly input: PreflightInput;
  readonly starters: readonly Starter[];
}

/** One question of the preflight. `passed` is told when it has nothing worse to say than `info`. */
export interface CheckRow {
  readonly id: string;
  readonly passed: string;
  run(context: CheckContext): Promise<readonly Finding[]> | readonly Finding[];
}

/** What the stage of a cutover would do, as far as it can be known without doing it. */
export interface Copy {
  readonly connected: Connected;
  readonly collected: Collected;
  readonly prepared: readonly Prepared[];
  readonly dryRun: DryRun;
  readonly findings: readonly Finding[];
  /** What `--include-cluster-needs` would create, tried in dry runs; undefined without it. */
  readonly clusterNeeds?: readonly TriedNeed[] | undefined;
}
