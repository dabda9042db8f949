import type { ExitName } from '../common/exit-codes.ts';
import type { Reporter } from '../common/reporter.ts';
import type { SideRole } from '../common/side-role.ts';
import type { ClusterReader, ClusterWriter, RequestCounts } from '../kube/api-types.ts';
import type { Finding } from '../needs/findings.ts';
import type { OnConflict } from '../pipeline/immutable-strategy.ts';
import type { Note, TransformContext } from '../pipeline/pipeline-types.ts';
import type { TypeSelection } from '../pipeline/select-types.ts';
import type { LockProcess } from '../state/lock.ts';
import type { PreCopyResult } from '../volumes/data-types.ts';

/** How a copy is made; everything is resolved, nothing is read from the environment here. */
export interface StageOptions
  extends Pick<
    TransformContext,
    | 'storageClassMap'
    | 'accessModeMap'
    | 'imageMap'
    | 'hostMap'
    | 'ingressClassMap'
    | 'preserveNodePorts'
    | 'preserveLoadBalancerIp'
    | 'holdLoadBalancers'
    | 'rewriteDns'
    | 'servingRevisions'
  > {
  readonly sourceNamespace: string;
  readonly destNamespace: string;
  readonly types: TypeSelection;
  readonly selector: string | undefined;
  readonly dryRun: boolean;
  /** Leave out what is refused and copy the rest; the run then ends with `partial`. */
  readonly keepGoing: boolean;
  /** Delete objects of ours at the destination that are gone from the source. */
  readonly prune: boolean;
  /** Go on although pods of workloads that are not ours run in the destination namespace. */
  readonly acceptLiveDestination: boolean;
  readonly onConflict: OnConflict | undefined;
  /** Kinds of custom resources that are done once, besides those that are known: `PipelineRun.tekton.dev`. */
  readonly oneShotKinds: readonly string[];
  /** ClusterRoles that may mean more at the destination. */
  readonly acceptClusterRoles: readonly string[];
  /** Create what the copy needs outside its namespace and the destination lacks; absent: it is only reported. */
  readonly clusterNeeds?: boolean | undefined;
  readonly concurrency: number;
  /** ms to wait for a deleted object to be gone before it is created anew. */
  readonly recreateTimeoutMs: number;
}

/** The source is a reader: a write to it does not compile. */
export interface StageDeps {
  readonly source: ClusterReader;
  readonly dest: ClusterWriter;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /**
   * `held`: the caller holds the lock of the pair and keeps the record. Otherwise who takes it; it is taken only when
   * there is something to write.
   */
  readonly lock: 'held' | LockHolder;
}

/** Who takes the lock: `user@host`, and this process on that host. */
interface LockHolder {
  readonly holder: string;
  readonly process: LockProcess;
  /** The lock is given up to a person who asks for it; the stage then ends as `locked`, with `yieldedTo`. */
  readonly yields?: boolean | undefined;
  /** The mapping for which a controller stages, `namespace/name@uid`: recorded, and refused where it is another one's copy. */
  readonly managedBy?: string | undefined;
  /** The mapping whose copy this one takes over. */
  readonly takeOverFrom?: string | undefined;
}

/** What happened to one object. In a dry run the action is what would happen. */
export type RowAction = (typeof ROW_ACTIONS)[number];

/** In the order in which they are shown. */
export const ROW_ACTIONS = [
  'created',
  'updated',
  'recreated',
  'unchanged',
  'stashed',
  'deleted',
  'skipped',
  'refused',
  'failed',
  'pending',
] as const;

export interface StageRow {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** `cluster`: it is outside all namespaces, created by `--include-cluster-needs`. */
  readonly scope?: 'cluster' | undefined;
  readonly action: RowAction;
  /** A clause; empty when there is nothing to say. */
  readonly reason: string;
  readonly notes: readonly Note[];
  readonly attempts: number;
  readonly ms: number;
}

/** A finding as the first version of this document has it: its id is called `code`, and the hint is in the message. */
interface StageFinding extends Omit<Finding, 'id' | 'hint'> {
  readonly code: string;
}

interface Side {
  readonly context: string;
  readonly server: string;
  readonly namespace: string;
  readonly clusterUid: string | undefined;
}

/** The whole result of `stage`; `--output json` is this value, described in docs/output.md. */
export interface StageResult {
  readonly schema: 'dr-syncer.io/stage-result/v1';
  readonly outcome: ExitName;
  readonly exitCode: number;
  /** One sentence: what the run came to. */
  readonly summary: string;
  readonly dryRun: boolean;
  readonly source: Side;
  readonly dest: Side;
  /** RFC 3339, by the destination's clock. */
  readonly startedAt: string;
  readonly seconds: number;
  /** The namespace itself is not among them. */
  readonly totals: Readonly<Record<RowAction, number>>;
  readonly objects: readonly StageRow[];
  readonly findings: readonly StageFinding[];
  /** Hash over the content of everything that is staged: equal hashes are equal copies. */
  readonly stageHash: string;
  readonly orphans: readonly { readonly apiVersion: string; readonly kind: string; readonly name: string }[];
  readonly types: {
    readonly copied: readonly string[];
    readonly neverCopied: readonly string[];
    /** Custom types without `--include-custom-resources`, with the number of their objects (-1: not countable). */
    readonly leftOut: readonly { readonly type: string; readonly objects: number }[];
    readonly failedGroups: readonly {
      readonly groupVersion: string;
      readonly reason: string;
      readonly side: SideRole;
    }[];
  };
  /** Who asked for the lock, when the stage gave it up for that before its end. */
  readonly yieldedTo?: string;
  readonly requests: { readonly source: RequestCounts; readonly dest: RequestCounts };
  /** The copy of volume data that was asked for with it. */
  readonly preCopy?: PreCopyResult;
}
