import type { Failure } from '../../kube/api-errors.ts';
import type { KubeObject, ResourceType } from '../../kube/api-types.ts';
import type { Finding } from '../../needs/findings.ts';
import type { Lister, PodTemplate } from '../../needs/need-types.ts';
import type { Note } from '../../pipeline/pipeline-types.ts';

/** An object outside all namespaces that the copy needs, that the destination lacks, and that is to be created there. */
export interface ClusterNeed {
  readonly type: ResourceType;
  /** What is created: cleaned of all that belongs to the source, and marked as ours. */
  readonly body: KubeObject;
  /** What it means for the cluster. */
  readonly notes: readonly Note[];
  /** Findings that are settled by it, as answerKey() makes them. */
  readonly answers: readonly string[];
}

/** All that is to be brought, in the order in which it is created, and what is to be said about the rest. */
export interface ClusterNeeds {
  readonly needs: readonly ClusterNeed[];
  readonly findings: readonly Finding[];
}

/** The copy of one object of the source's cluster. */
export type MadeCopy = Pick<ClusterNeed, 'body' | 'notes'>;

/** The copy, or why there must be none: a clause. */
export type ClusterCopy = MadeCopy | { readonly left: string };

/** How a need was created, or what a dry run says of it. */
export interface TriedNeed {
  readonly need: ClusterNeed;
  /** `unknown`: it cannot be asked about yet. `skipped`: somebody else has made it by now. */
  readonly action: 'created' | 'skipped' | 'failed' | 'unknown' | 'pending';
  /** A clause; empty when there is nothing to say. */
  readonly reason: string;
  readonly failure?: Failure | undefined;
  readonly warnings: readonly string[];
  readonly attempts: number;
  readonly ms: number;
}

/** The names that a copy takes with it. */
export interface CopyNames {
  readonly sourceContext: string;
  readonly sourceNamespace: string;
  readonly destNamespace: string;
}

/** No needs: what a run without `--include-cluster-needs` has. */
export const NO_NEEDS: ClusterNeeds = { needs: [], findings: [] };

/** Identifies a finding that a need settles. Pure. */
export const answerKey = ({ id, subject }: Pick<Finding, 'id' | 'subject'>): string => `${id}\n${subject}`;

/** What the search for needs looks at. */
export interface NeedsContext {
  readonly names: CopyNames;
  readonly destContext: string;
  /** What is to be at the destination, transformed; the manifests in stashes are among them. */
  readonly desired: readonly KubeObject[];
  readonly templates: readonly PodTemplate[];
  /** Names of the ServiceAccounts that the copy has; empty when they are not part of it. */
  readonly accounts: ReadonlySet<string>;
  /** What the destination serves, by typeName(). */
  readonly types: ReadonlyMap<string, ResourceType>;
  readonly ingressClassMap: ReadonlyMap<string, string>;
  readonly acceptClusterRoles: readonly string[];
  readonly lister: Lister;
}
